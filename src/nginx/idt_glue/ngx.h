/* nginx, as the adapter speaks to it. */

#ifndef IDT_GLUE_NGX_H
#define IDT_GLUE_NGX_H

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_event.h>
#include <ngx_event_openssl.h>
}

#include <new>
#include <span>
#include <string>
#include <string_view>


extern ngx_module_t  ngx_http_auth_id_token_module;


namespace id_token::nginx {


/* strings */

static inline std::string_view
view(const u_char *data, size_t len)
{
    return std::string_view(reinterpret_cast<const char *>(data), len);
}


static inline std::string_view
view(const ngx_str_t &s)
{
    return view(s.data, s.len);
}


/* nginx does not say const; nobody writes there */

static inline u_char *
bytes(std::string_view text)
{
    return reinterpret_cast<u_char *>(const_cast<char *>(text.data()));
}


static inline ngx_str_t
str(std::string_view text)
{
    return ngx_str_t{ text.size(), bytes(text) };
}


/* a copy with a NUL behind it; data is NULL: out of memory */

static inline ngx_str_t
copied(ngx_pool_t *pool, std::string_view text)
{
    ngx_str_t  copy;

    copy.len = text.size();
    copy.data = static_cast<u_char *>(ngx_pnalloc(pool, text.size() + 1));

    if (copy.data != NULL) {
        ngx_memcpy(copy.data, text.data(), text.size());
        copy.data[text.size()] = '\0';
    }

    return copy;
}


/* arrays: the elements, none of NULL; one more, zeroed, or NULL */

template <class T>
static inline std::span<T>
items(const ngx_array_t *array)
{
    if (array == NULL) {
        return std::span<T>();
    }

    return std::span<T>(static_cast<T *>(array->elts), array->nelts);
}


template <class T>
static inline T *
push(ngx_array_t *array)
{
    void  *item;

    item = ngx_array_push(array);
    if (item == NULL) {
        return NULL;
    }

    ngx_memzero(item, sizeof(T));

    return static_cast<T *>(item);
}


/* what nginx itself keeps of http, and of a location */

static inline ngx_http_core_main_conf_t *
core_main_conf(ngx_conf_t *cf)
{
    return static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
}


static inline ngx_http_core_loc_conf_t *
core_loc_conf(ngx_conf_t *cf)
{
    return static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
}


static inline ngx_http_core_loc_conf_t *
core_loc_conf(ngx_http_request_t *r)
{
    return static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
}


/* calls f(element) for each request header until it fails */

template <class F>
static inline ngx_int_t
each_header(ngx_http_request_t *r, F f)
{
    ngx_list_part_t  *part;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        std::span<ngx_table_elt_t>  fields(
            static_cast<ngx_table_elt_t *>(part->elts), part->nelts);

        for (ngx_table_elt_t &h : fields) {
            if (f(&h) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* the words of the directive that is read, its name first */

static inline std::span<ngx_str_t>
args(ngx_conf_t *cf)
{
    return items<ngx_str_t>(cf->args);
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


/* variables: what the handler returns */

static inline ngx_int_t
set_value(ngx_http_variable_value_t *v, std::string_view value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value.size();
    v->data = bytes(value);

    return NGX_OK;
}


/* a copy in the pool of the request */

static inline ngx_int_t
set_copy(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    std::string_view value)
{
    ngx_str_t  copy;

    copy = copied(r->pool, value);

    return copy.data != NULL ? set_value(v, view(copy)) : NGX_ERROR;
}


static inline ngx_int_t
not_found(ngx_http_variable_value_t *v)
{
    v->not_found = 1;

    return NGX_OK;
}


/* What a function returns whose error has been logged. */

struct Logged {
    operator char *() const { return static_cast<char *>(NGX_CONF_ERROR); }
    operator ngx_int_t() const { return NGX_ERROR; }

    template <class T>
    operator T *() const { return NULL; }
};

#define CONF_ERROR    static_cast<char *>(NGX_CONF_ERROR)
#define IS_DUPLICATE  const_cast<char *>("is duplicate")


/* %V takes a view as well as a pointer to a string of nginx */

struct emerg_text {
    ngx_str_t         s;
    const ngx_str_t  *get() const { return &s; }
};

template <class T>
struct emerg_value {
    T  v;
    T  get() const { return v; }
};

static inline emerg_text
emerg_arg(std::string_view text)
{
    return { str(text) };
}

template <class T>
static inline emerg_value<T *>
emerg_arg(T *value)
{
    return { value };
}

static inline emerg_value<ngx_uint_t>
emerg_arg(ngx_uint_t value)
{
    return { value };
}


/* logs an error of the configuration, with file and line */

template <class... A>
static inline Logged
emerg(ngx_conf_t *cf, const char *format, A... values)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, format,
                       emerg_arg(values).get()...);

    return {};
}


/* the same with what errno says */

template <class... A>
static inline Logged
emerg_errno(ngx_conf_t *cf, const char *format, A... values)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, format,
                       emerg_arg(values).get()...);

    return {};
}


/*
 * nginx must not see exceptions, which come of a lack of memory alone: its
 * tables hold functions of ours by one of these. configures<F> makes an [emerg]
 * of one, answers<F> a 500, shows<F> the end of the request.
 */

template <auto F, class R, class... A>
R
guarded_configure(ngx_conf_t *cf, A... more) noexcept
{
    try {
        return F(cf, more...);

    } catch (...) {
        return emerg(cf, "out of memory");
    }
}


template <auto F>
ngx_int_t
guarded_answer(ngx_http_request_t *r) noexcept
{
    try {
        return F(r);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


template <auto F>
ngx_int_t
guarded_show(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data) noexcept
{
    try {
        return F(r, v, data);

    } catch (...) {
        return NGX_ERROR;
    }
}


template <auto F, class R, class... A>
constexpr auto
guarded_as(R (*)(ngx_conf_t *, A...))
{
    return &guarded_configure<F, R, A...>;
}


template <auto F>
inline constexpr auto  configures = guarded_as<F>(F);

template <auto F>
inline constexpr auto  answers = &guarded_answer<F>;

template <auto F>
inline constexpr auto  shows = &guarded_show<F>;


}  // namespace id_token::nginx

#endif /* IDT_GLUE_NGX_H */
