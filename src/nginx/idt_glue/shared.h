/* For files that have not chosen yet. */

#ifndef IDT_GLUE_SHARED_H
#define IDT_GLUE_SHARED_H

#include "idt_conf/directives.h"
#include "idt_request/request.h"

#endif /* IDT_GLUE_SHARED_H */
