/*
 * What the files of the adapter share: nginx's headers, the configuration,
 * the state of a request.
 */

#ifndef IDT_GLUE_SHARED_H
#define IDT_GLUE_SHARED_H

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_event.h>
#include <ngx_event_openssl.h>
}

#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "idt_token/candidates.h"
#include "idt_token/origin.h"
#include "idt_token/validator.h"

#include "idt_show/assertion.h"
#include "idt_source/source.h"
#include "idt_request/wait.h"
#include "idt_session/types.h"


extern ngx_module_t  ngx_http_auth_id_token_module;


namespace id_token::nginx {


/* A provider is atomic: complete, or the configuration is refused. */

typedef struct provider_s {
    ngx_str_t          name;
    Policy             policy;
    key_source_t      *keys;
    login_provider_t  *login;     /* NULL: nobody logs in there */
    unsigned           used:1;    /* some location names it */
} provider_t;


/* where a token may be presented */

typedef struct carrier_s {
    Carrier    carrier;
    ngx_str_t  value;    /* the cookie's name, or the header's in lower case */
    ngx_str_t  name;     /* as configured */
    unsigned   bound:1;  /* to the browser, by the cookie NAME-r */
} carrier_t;


typedef struct loc_conf_s  loc_conf_t;


/* a directive that stands somewhere, and where */

typedef struct {
    loc_conf_t  *conf;
    ngx_str_t    directive;
    ngx_str_t    file;
    ngx_uint_t   line;
    bool         is_rule;    /* it refuses requests */
} written_t;


typedef struct {
    std::unordered_map<std::string_view, provider_t *>  providers;

    /* the claims that the configuration names, kept with each proven token */
    std::vector<ClaimPath>                              slots;

    std::vector<assertion_t *>                          assertions;

    /* indices of the variables that show request headers */
    std::vector<ngx_uint_t>                             header_variables;

    /* and of those that show something of a verdict */
    std::vector<ngx_uint_t>                             verdict_variables;

    /* the names of the sources header=NAME, in lower case */
    std::vector<std::string_view>                       source_headers;

    /* "sub", which tells persons apart where there are several tokens */
    ngx_uint_t                                          subject_slot;

    /* all that read a cookie */
    std::vector<carrier_t *>                            carriers;

    login_main_conf_t                                   login;

    size_t                                              cache_size; /* 0: off */

    /* for what is told when all has been read */
    std::vector<written_t>                              written;
    std::vector<loc_conf_t *>                           locations;
    bool                                                chosen; /* by a
                                                                   variable */
} main_conf_t;


/* numbers, since nginx's slot for words stores one */

struct Mode {
    enum : ngx_uint_t {
        enforce,
        optional,   /* no token: anonymous */
        report      /* nothing is refused, nothing waits */
    };
};


typedef struct rule_s    rule_t;
typedef struct header_s  header_t;


struct loc_conf_s {
    ngx_flag_t                 enable;
    provider_t                *provider;
    ngx_http_complex_value_t  *selector;     /* $variable */
    ngx_str_t                  provider_name;
    ngx_str_t                  file;         /* where the name is */
    ngx_uint_t                 line;

    ngx_http_complex_value_t  *realm;
    ngx_array_t               *sources;
    ngx_uint_t                 mode;

    ngx_array_t               *rules;
    unsigned                   drop_rules:1;

    ngx_array_t               *headers;
    ngx_flag_t                 strip;

    ngx_uint_t                 preflight;    /* 1: passes */
    ngx_flag_t                 csrf;
    std::vector<Origin>        origins;
    ngx_http_complex_value_t  *nonce;
    ngx_uint_t                 nonce_slot;

    unsigned                   nonce_off:1;  /* no binding either */

    login_conf_t               login;

    assertion_jwks_t           assertion_jwks;

    loc_conf_t                *parent;       /* that it lies in */
    void                     **modules;      /* all modules' for its location */
    unsigned                   guards:1;     /* in it, or in one below, a token
                                                is asked for */
};


/* what a request presented before something was taken out: presented.h */

struct presented;


/* what a verdict needs beyond what is at hand */

enum class Need : unsigned {
    nothing,
    keys,
    refetch,    /* for a kid that is unknown */
    recheck     /* for a key that may have been replaced */
};


/* a key that a newer set may hold */

typedef struct {
    Need        need;
    uint64_t    kid;         /* keys_kid(), for Need::refetch */
} wanted_t;


typedef struct {
    wanted_t    wanted;
    question_t  question;
} asked_t;


/* a token whose signature is wrong under this policy and these keys */

struct bad_signature {
    uint64_t     policy_id;
    uint64_t     keys_id;
    Need         need;
    std::string  token;
};


/*
 * The state of a request. It is found again after an internal redirect, which
 * clears r->ctx, by the cleanup of the pool; a subrequest has its own.
 *
 * The verdict holds for one pass through the location `conf` only: then it is
 * worked out again, where `token` spares a second look at the signature.
 */

typedef struct {
    ngx_http_request_t    *request;

    loc_conf_t            *conf;
    provider_t            *provider;
    carrier_t             *source;
    TokenRef               token;
    Error                  error;
    Diagnosis              diagnosis;

    /* the last refusal, for the page that it leads to */
    Error                  refused;

    /* keys that a newer set may hold, and what was asked for them */
    std::vector<wanted_t>  wanted;
    std::vector<asked_t>   asked;

    std::unique_ptr<presented>
                           kept;
    waiter_t               waiter;
    ngx_table_elt_t       *challenge;
    ngx_table_elt_t       *retry_after;
    ngx_str_t             *rule;         /* that was not met */
    ngx_array_t           *headers;      /* that were set */

    /* earlier tokens, which variables may still point into */
    std::vector<TokenRef>  previous;
    std::vector<bad_signature>
                           bad_signatures;

    std::optional<Claims>  parsed;
    VerifiedToken         *parsed_of;
    ngx_str_t              claims;       /* $id_token_claims */

    login_state_t         *login;        /* at a callback */
    std::string_view       login_said;   /* $id_token_login */

    unsigned               endpoints_asked:1;

    unsigned               judged:1;
    unsigned               judging:1;    /* now */
    unsigned               counted:1;    /* `token` is proven, for this pass */
    unsigned               discard:1;    /* something is not for the upstream */
    unsigned               caught_up:1;
} ctx_t;


/* location.cc */

void *create_main_conf(ngx_conf_t *cf) noexcept;
char *init_main_conf(ngx_conf_t *cf, void *conf) noexcept;
void *create_loc_conf(ngx_conf_t *cf) noexcept;
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept;

char *auth_id_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
char *source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
char *cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;

/* words.cc */

/* as ngx_conf_set_enum_slot, but that it says what there is to choose from */
char *set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;

/* the word for a message: a user name and a password in it are no part */
ngx_str_t shown(ngx_conf_t *cf, const ngx_str_t &word) noexcept;

/* logs what is wrong with a word of the directive: an error for nginx */
char *refuse(ngx_conf_t *cf, const char *directive, const char *why,
    const ngx_str_t &word) noexcept;

/* warns of words with a "$" that was meant as a variable */
void warn_literal(ngx_conf_t *cf) noexcept;

/* a directive's value with its variables; NULL: logged */
ngx_http_complex_value_t *compile(ngx_conf_t *cf, ngx_str_t *value) noexcept;

/* a new array: a, then b; NULL: out of memory */
ngx_array_t *concat(ngx_conf_t *cf, ngx_array_t *a, ngx_array_t *b) noexcept;

/* provider.cc */

char *provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;

/* rules.cc */

char *require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
ngx_int_t merge_rules(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
    noexcept;
Error judge_rules(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);

/* set_header.cc */

char *set_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
ngx_int_t merge_headers(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
    noexcept;

/* upstream.cc */

ngx_int_t precontent_handler(ngx_http_request_t *r) noexcept;

/* browser.cc, of idt_conf and of idt_request */

char *csrf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
char *nonce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
ngx_uint_t is_preflight(ngx_http_request_t *r) noexcept;
Error judge_csrf(ngx_http_request_t *r, const loc_conf_t *conf,
    const carrier_t *source);
Error judge_nonce(ngx_http_request_t *r, const loc_conf_t *conf,
    const VerifiedToken &token);


/* request.cc */

ctx_t *get_ctx(ngx_http_request_t *r) noexcept;
ctx_t *make_ctx(ngx_http_request_t *r) noexcept;

/*
 * The cached values of variables that show something of a verdict, as the
 * access log would. Not while a value with variables is put together.
 */
void forget_variables(ngx_http_request_t *r) noexcept;

/* judge.cc: the verdict on a request in its present location */

Need judge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept;

/* peek.cc */

/*
 * The state that variables show: judged now, with what is at hand, if it has
 * not been in this pass. NULL: nothing to show.
 */
ctx_t *peek(ngx_http_request_t *r) noexcept;

/*
 * What $id_token_error tells: of the present location, or, where that is open,
 * of the refusal that led to it. `off`: of nothing.
 */
Error shown_error(ngx_http_request_t *r, bool *off) noexcept;

/*
 * Whose claims this request may show: proven for its present location, or, in
 * a subrequest to a location that asks for none, for its parent's. NULL: none.
 */
ctx_t *proven_ctx(ngx_http_request_t *r) noexcept;

/* the whole claim set of ctx->token; may throw std::bad_alloc */
const Claims *parse_claims(ctx_t *ctx);

/* worker.cc */

/* after remember(): the cache counts a token anew */
void charge(VerifiedToken *token) noexcept;

void exit_worker(void) noexcept;

/* gate.cc */

ngx_int_t access_handler(ngx_http_request_t *r) noexcept;
ngx_int_t preaccess_handler(ngx_http_request_t *r) noexcept;

/* refuse.cc: the status code of a refusal, its headers and log line */

ngx_int_t refuse(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept;

/* only the log line, for report mode */
void report(ngx_http_request_t *r, ctx_t *ctx) noexcept;

/* claim_slots.cc */

ngx_int_t init_variables(ngx_cycle_t *cycle) noexcept;
char *claim_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;

/* the slot of a claim named in a directive; NGX_ERROR: logged */
ngx_int_t claim_slot(ngx_conf_t *cf, ngx_str_t *word, ngx_uint_t *slot)
    noexcept;

/* the number of the slot that holds this claim */
ngx_uint_t slot_of(main_conf_t *mcf, const ClaimPath &path);

/* variables.cc */

ngx_int_t add_variables(ngx_conf_t *cf) noexcept;

static inline std::string_view
view(const ngx_str_t &s)
{
    return std::string_view(reinterpret_cast<const char *>(s.data), s.len);
}


/* the elements of an array, none of NULL */

template <class T>
static inline std::span<T>
items(const ngx_array_t *array)
{
    if (array == NULL) {
        return std::span<T>();
    }

    return std::span<T>(static_cast<T *>(array->elts), array->nelts);
}


/* an object in a pool, destroyed with it; NULL when there is no memory */

template <class T>
static inline T *
create(ngx_pool_t *pool) noexcept
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(T));
    if (cln == NULL) {
        return NULL;
    }

    try {
        T  *object = ::new (cln->data) T();

        cln->handler = [](void *data) {
            static_cast<T *>(data)->~T();
        };

        return object;

    } catch (...) {
        return NULL;
    }
}


}  // namespace id_token::nginx

#endif /* IDT_GLUE_SHARED_H */
