/* Key sets in files of the configuration. */

#include "idt_glue/file.h"
#include "idt_source/zone.h"


namespace id_token::nginx {


/* no file that is a key set comes near it */
#define MAX_FILE       (64 * 1024 * 1024)


static ngx_int_t keys_load_file(ngx_conf_t *cf, key_source_t *keys);
static ngx_int_t keys_read_file(ngx_conf_t *cf, const char *path,
    std::string &text);


key_source_t *
keys_add_file(ngx_conf_t *cf, ngx_str_t *path)
{
    key_source_t  *keys;

    std::string  file = std::string(view(*path));

    for (keys = keys_next(cf->cycle, NULL);
         keys != NULL;
         keys = keys_next(cf->cycle, keys))
    {
        if (keys->set && keys->file == file) {
            return keys;
        }
    }

    keys = keys_create(cf);
    if (keys == NULL) {
        return NULL;
    }

    keys->file = std::move(file);

    return (keys_load_file(cf, keys) == NGX_OK)
               ? keys : NULL;
}


static ngx_int_t
keys_load_file(ngx_conf_t *cf, key_source_t *keys)
{
    const char              *path;
    std::string              document, skipped;
    std::vector<SkippedKey>  entries;

    path = keys->file.c_str();

    if (keys_read_file(cf, path, document) != NGX_OK) {
        return NGX_ERROR;
    }

    auto  set = KeySet::parse(document, keys_next_id(), &entries);
    if (!set) {
        return emerg(cf, "\"jwks_file\" \"%s\" %V", path,
                         jwks_error_text(set.error()));
    }

    keys->set = std::move(*set);
    skipped = keys_skipped(entries);

    if (!skipped.empty()) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "in \"jwks_file\" \"%s\" %s",
                           path, skipped.c_str());
    }

    return NGX_OK;
}


static ngx_int_t
keys_read_file(ngx_conf_t *cf, const char *path, std::string &text)
{
    off_t            size;
    ngx_file_info_t  fi;

    descriptor  fd(ngx_open_file(path, NGX_FILE_RDONLY, NGX_FILE_NONBLOCK, 0));

    if (fd.get() == NGX_INVALID_FILE) {
        return emerg_errno(cf, "cannot open \"jwks_file\" \"%s\"", path);
    }

    if (ngx_fd_info(fd.get(), &fi) == NGX_FILE_ERROR) {
        return emerg_errno(cf, "cannot read \"jwks_file\" \"%s\"", path);
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size > MAX_FILE) {
        return emerg(cf, "\"jwks_file\" \"%s\" is not a file of 64m at most",
                         path);
    }

    text.resize(size);

    if (!read_all(fd, text.data(), text.size())) {
        return emerg_errno(cf, "cannot read \"jwks_file\" \"%s\"", path);
    }

    return NGX_OK;
}


ngx_uint_t
keys_file_fits(key_source_t *keys, const AlgorithmSet &allowed) noexcept
{
    for (const Algorithm &algorithm : algorithms()) {
        if (allowed.has(algorithm) && keys->set->has_key_for(algorithm)) {
            return 1;
        }
    }

    return 0;
}


}  // namespace id_token::nginx
