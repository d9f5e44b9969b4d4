/* id_token_status: what an operator sees of the module. */

#ifndef IDT_STATUS_HANDLERS_H
#define IDT_STATUS_HANDLERS_H

#include "idt_glue/ngx.h"


namespace id_token::nginx {


/* content handlers */

ngx_int_t status_json_handler(ngx_http_request_t *r);
ngx_int_t status_prometheus_handler(ngx_http_request_t *r);


}  // namespace id_token::nginx

#endif /* IDT_STATUS_HANDLERS_H */
