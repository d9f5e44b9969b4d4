/*
 * What id_token_status tells of requests: counters in a zone of shared memory,
 * kept over a reload. Without a location that shows them nothing is counted.
 */

#ifndef IDT_COUNT_COUNT_H
#define IDT_COUNT_COUNT_H

#include <memory>

#include "idt_request/location.h"
#include "idt_lib/digest.h"
#include "idt_metrics/counters.h"


namespace id_token::nginx {


/* what one process holds now; nobody else writes there */

typedef struct {
    Counter  parked;
    Counter  cache_tokens;
    Counter  cache_bytes;
} held_t;


/* the counters of a provider, which are found again by `id` after a reload */

typedef struct {
    Sha256            id;      /* of name, issuer and client ID */
    bool              taken;   /* since the zone began */
    bool              named;   /* by the present configuration */
    ProviderCounters  counters;
} counted_t;


typedef struct counts_s {
    int64_t     since;                     /* seconds of the epoch */
    Counter     provider_unknown;
    held_t      held[NGX_MAX_PROCESSES];   /* by ngx_process_slot */
    ngx_uint_t  n;
    counted_t   providers[];
} counts_t;


/* Postconfiguration: the zone, if a location shows it. */
ngx_int_t counts_init(ngx_conf_t *cf, main_conf_t *mcf) noexcept;

/* Workers: from here on a process says what it holds; at the end, nothing. */
void counts_init_process(main_conf_t *mcf) noexcept;
void counts_exit_process(void) noexcept;

/* a verdict on a request; provider NULL: the configuration named none */
void count_verdict(main_conf_t *mcf, provider_t *provider, Error error)
    noexcept;

void count(provider_t *provider, Count what, uint64_t times = 1) noexcept;
void count_login_result(provider_t *provider, LoginError result) noexcept;

void tell_parked(ngx_uint_t n) noexcept;
void tell_cache(std::size_t tokens, std::size_t bytes) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_COUNT_COUNT_H */
