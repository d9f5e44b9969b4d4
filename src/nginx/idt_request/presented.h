/* What a request presents: the headers that may hold a token. */

#ifndef IDT_REQUEST_PRESENTED_H
#define IDT_REQUEST_PRESENTED_H

#include <list>

#include "idt_request/request.h"
#include "idt_token/candidates.h"
#include "idt_token/cookies.h"


namespace id_token::nginx {


struct named_header {
    std::string_view                name;     /* in lower case */
    std::string_view                value;
};


/* calls f(value) for each Cookie header */

template <class F>
static void
each_cookie_line(ngx_http_request_t *r, F f)
{
#if (nginx_version >= 1023000)

    ngx_table_elt_t  *h;

    for (h = r->headers_in.cookie; h != NULL; h = h->next) {
        f(view(h->value));
    }

#else

    ngx_uint_t         i;
    ngx_table_elt_t  **h;

    h = static_cast<ngx_table_elt_t **>(r->headers_in.cookies.elts);

    for (i = 0; i < r->headers_in.cookies.nelts; i++) {
        f(view(h[i]->value));
    }

#endif
}


/* views into the pool of the request */

struct presented_headers {
    std::string_view                authorization;
    std::vector<std::string_view>   cookies;  /* a Cookie line each */
    std::vector<named_header>       named;    /* of the sources header=NAME */
};


/*
 * Kept when something was taken out. Who looks at the request later, as a
 * subrequest or in another location, sees what there was, unless another
 * module has put something else there since: then that.
 */

struct presented {
    presented_headers               original;
    presented_headers               left;
};


/* the values of all sources as candidates */

struct collection {
    Candidates                     *candidates;
    std::list<std::string>          joined;   /* tokens made of pieces */

    /* something that only another reader would take for a token's cookie */
    bool                            foreign = false;
};

void collect(ngx_http_request_t *r, const loc_conf_t *conf,
    collection &into);

/* the Cookie lines that collect() reads; may throw std::bad_alloc */
std::vector<std::string_view> presented_cookies(ngx_http_request_t *r,
    const loc_conf_t *conf);

/* to be called before and after headers are taken out of r */

std::unique_ptr<presented> keep_original(ngx_http_request_t *r,
    const loc_conf_t *conf);
void keep_left(ngx_http_request_t *r, presented &kept);


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_PRESENTED_H */
