/* Files that hold a secret: keys and passwords. */

#include "idt_conf/secret.h"
#include "idt_glue/file.h"


namespace id_token::nginx {


static std::optional<Secret>
read_open(ngx_conf_t *cf, const descriptor &fd, const secret_file_t &file)
{
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd.get(), &fi) == NGX_FILE_ERROR) {
        (void) emerg_errno(cf, ngx_fd_info_n " \"%V\" failed", file.name);
        return std::nullopt;
    }

    if (!ngx_is_file(&fi)) {
        (void) emerg(cf, "the \"%s\" \"%V\" is not a file",
                         file.word, file.name);
        return std::nullopt;
    }

    if (ngx_file_size(&fi) > static_cast<off_t>(file.limit)) {
        (void) emerg(cf, "the \"%s\" \"%V\" is larger than %s",
                         file.word, file.name, file.kind);
        return std::nullopt;
    }

    if (fi.st_mode & (S_IRWXG|S_IRWXO)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the \"%s\" \"%V\" is open to %s: whoever reads "
                           "it can %s, give it mode 0600",
                           file.word, file.name,
                           (fi.st_mode & S_IRWXO) ? "everyone" : "its group",
                           file.harm);
    }

    Secret  bytes(static_cast<size_t>(ngx_file_size(&fi)));

    if (!read_all(fd, bytes.data(), bytes.size())) {
        (void) emerg_errno(cf, "the \"%s\" \"%V\" could not be read",
                               file.word, file.name);
        return std::nullopt;
    }

    return bytes;
}


std::optional<Secret>
read_secret(ngx_conf_t *cf, const secret_file_t &file)
{
    descriptor  fd(ngx_open_file(file.name->data,
                                 NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                                 NGX_FILE_OPEN, 0));

    if (fd.get() == NGX_INVALID_FILE) {
        (void) emerg_errno(cf, "the \"%s\" \"%V\" could not be opened",
                               file.word, file.name);
        return std::nullopt;
    }

    return read_open(cf, fd, file);
}


}  // namespace id_token::nginx
