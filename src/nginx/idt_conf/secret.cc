/* Files that hold a secret: keys and passwords. */

#include "idt_conf/secret.h"


namespace id_token::nginx {


static std::optional<Secret>
read_open(ngx_conf_t *cf, ngx_fd_t fd, const secret_file_t &file)
{
    size_t           size;
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", file.name);
        return std::nullopt;
    }

    if (!ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the \"%s\" \"%V\" is not a file",
                           file.word, file.name);
        return std::nullopt;
    }

    if (ngx_file_size(&fi) > static_cast<off_t>(file.limit)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the \"%s\" \"%V\" is larger than %s",
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

    for (size = 0; size < bytes.size(); size += n) {

        n = ngx_read_fd(fd, bytes.data() + size, bytes.size() - size);

        if (n <= 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, (n == 0) ? 0 : ngx_errno,
                               "the \"%s\" \"%V\" could not be read",
                               file.word, file.name);
            return std::nullopt;
        }
    }

    return bytes;
}


std::optional<Secret>
read_secret(ngx_conf_t *cf, const secret_file_t &file)
{
    ngx_fd_t  fd;

    fd = ngx_open_file(file.name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "the \"%s\" \"%V\" could not be opened",
                           file.word, file.name);
        return std::nullopt;
    }

    auto  bytes = read_open(cf, fd, file);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", file.name);
    }

    return bytes;
}


}  // namespace id_token::nginx
