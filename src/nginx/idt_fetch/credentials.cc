/*
 * What a request says: the texts of the core, and the fields that the
 * configuration adds. Fields and the client certificate are for the configured
 * origin alone, over TLS, and never for one that a discovery document names.
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "idt_fetch/peer.h"
#include "idt_glue/file.h"

#include "idt_keys/http_request.h"


namespace id_token::nginx {


static const char *fetch_fields(fetch_t *f, std::string *lines);
static const char *fetch_proxy_fields(fetch_t *f, std::string *lines);


/* What a file holds, or false: it cannot be read. */

bool
read_value(const ngx_str_t *path, std::string *value)
{
    ssize_t      n;
    std::string  content(kMaxFieldValueBytes + 64, '\0');

    descriptor  fd(open(reinterpret_cast<char *>(path->data),
                        O_RDONLY|O_NONBLOCK|O_CLOEXEC));

    n = (fd.get() == -1) ? -1 : read(fd.get(), content.data(), content.size());

    if (n < 0) {
        return false;
    }

    *value = file_value(std::string_view(content).substr(0, n));

    return true;
}


const char *
field_value(const added_field_t *field, std::string *value)
{
    std::string  read;

    value->assign(reinterpret_cast<char *>(field->value.data),
                  field->value.len);

    if (field->file.len) {
        if (!read_value(&field->file, &read)) {
            return "the file of \"jwks_header\" cannot be read";
        }

        if (read.empty()) {
            return "the file of \"jwks_header\" is empty";
        }

        *value += value->empty() ? "" : " ";
        *value += read;
    }

    return is_sendable(*value)
               ? NULL
               : "the value of \"jwks_header\" cannot be sent: it has a "
                 "control character or is too long";
}


const char *
fetch_write(fetch_t *f)
{
    const char      *error;
    std::string      lines, proxy;
    RequestOptions   options;

    error = f->own ? fetch_fields(f, &lines) : NULL;

    if (error == NULL && f->proxied) {
        error = fetch_proxy_fields(f, &proxy);
    }

    if (error) {
        return error;
    }

    if (f->proxied && f->url.https) {
        f->connect = connect_request(f->url, proxy);

    } else {
        lines += proxy;
        options.through_proxy = f->proxied;
    }

    if (f->conf->post && !f->conf->post->authorization.empty()) {
        lines += field_line("Authorization", f->conf->post->authorization);
    }

    options.no_cache = f->conf->no_cache;
    options.lines = lines;

    f->request = f->conf->post
                     ? post_request(f->url, options, f->conf->post->body)
                     : get_request(f->url, options);

    return NULL;
}


static const char *
fetch_fields(fetch_t *f, std::string *lines)
{
    const char   *error;
    std::string   value;

    for (auto &field : items<added_field_t>(f->conf->fields)) {
        error = field_value(&field, &value);

        if (error) {
            return error;
        }

        *lines += field_line(view(field.name), value);
    }

    return NULL;
}


const char *
proxy_credentials(const ngx_str_t *path, std::string *line)
{
    std::string  pair;

    if (!read_value(path, &pair)) {
        return "the file of \"jwks_proxy\" cannot be read";
    }

    *line = basic_credentials(pair);

    return line->empty() ? "the file of \"jwks_proxy\" does not hold one line "
                           "\"USER:PASSWORD\""
                         : NULL;
}


static const char *
fetch_proxy_fields(fetch_t *f, std::string *lines)
{
    return f->conf->proxy_file.len
               ? proxy_credentials(&f->conf->proxy_file, lines) : NULL;
}

}  // namespace id_token::nginx
