/*
 * The last good key set on disk, so that nginx serves at once when it starts
 * while the tenant is down. Whoever can write here can forge tokens: the
 * directory is the worker user's alone, and links are not followed.
 */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idt_glue/file.h"
#include "idt_source/zone.h"


namespace id_token::nginx {


static KeyOrigin
saved_origin(key_source_t *keys)
{
    return { { reinterpret_cast<const char *>(keys->settings.issuer.data),
               keys->settings.issuer.len },
             keys->url,
             keys->trust };
}


static std::string
saved_path(key_source_t *keys)
{
    ngx_str_t  *name;

    name = &keys->settings.state->name;

    return std::string(reinterpret_cast<const char *>(name->data), name->len)
           + "/" + keys->name;
}


/* NULL, or what is wrong with the file; errno counts if it is not 0 */

static const char *
saved_read(key_source_t *keys, const std::string &path, std::string &text)
{
    struct stat  st;

    descriptor  fd(
        open(path.c_str(), O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC));

    if (fd.get() == -1) {
        return "cannot be opened";
    }

    if (fstat(fd.get(), &st) == -1) {
        return "cannot be read";
    }

    ngx_set_errno(0);

    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid()
        || (st.st_mode & (S_IWGRP|S_IWOTH)) != 0)
    {
        return "is not a file that only the worker user can write";
    }

    if (st.st_size < 0
        || static_cast<size_t>(st.st_size) > keys->zone->size
                                             + kMaxKeyStateHeader)
    {
        return "is too large";
    }

    text.resize(st.st_size);

    return read_all(fd, text.data(), text.size()) ? NULL : "cannot be read";
}


static void
saved_ignored(key_source_t *keys, const std::string &path, std::string_view why,
    ngx_err_t err)
{
    ngx_str_t  what;

    what.data = bytes(why);
    what.len = why.size();

    ngx_log_error(NGX_LOG_WARN, keys->cycle->log, err,
                  "id_token_provider \"%V\": the saved keys are ignored: "
                  "\"%s\" %V",
                  &keys->settings.provider, path.c_str(), &what);
}


static void
saved_restore(key_source_t *keys)
{
    int64_t      now, age;
    std::string  text, path;
    const char  *wrong;
    zone_t      *zone;

    zone = keys->zone;
    path = saved_path(keys);

    wrong = saved_read(keys, path, text);

    if (wrong != NULL) {
        if (ngx_errno != NGX_ENOENT) {
            saved_ignored(keys, path, wrong, ngx_errno);
        }

        return;
    }

    now = ngx_time();

    auto  state = parse_key_state(text, saved_origin(keys),
                                    now, keys->settings.max_stale);
    if (!state) {
        saved_ignored(keys, path, key_state_error_text(state.error()), 0);
        return;
    }

    auto  set = KeySet::parse(state->document, keys_next_id());

    if (!set || state->document.size() > zone->size) {
        saved_ignored(keys, path, "does not hold a usable key set", 0);
        return;
    }

    age = ngx_max(now - state->fetched_at, 0) * 1000;

    {
        zone_lock  lock(keys);

        if (zone->generation.load(std::memory_order_relaxed) != 0) {
            return;
        }

        zone->refresh.restored(zone_now(), age);
        zone_write(keys, state->document);
        zone->fetched_at.store(zone->refresh.fetched_at,
                               std::memory_order_release);
    }

    ngx_log_error(NGX_LOG_INFO, keys->cycle->log, 0,
                  "id_token_provider \"%V\": %uz keys taken from \"%s\", "
                  "fetched %L s ago",
                  &keys->settings.provider, (*set)->size(), path.c_str(),
                  age / 1000);
}


/* the directory may be younger than the keys */

static void
saved_catch_up(key_source_t *keys)
{
    int64_t      fetched_at;
    uint64_t     generation;
    std::string  body;

    if (access(saved_path(keys).c_str(), F_OK) == 0 || ngx_errno != NGX_ENOENT)
    {
        return;
    }

    /* in this order it is not too young for the body */

    fetched_at = keys->zone->fetched_at.load(std::memory_order_acquire);

    if (zone_read(keys, body, &generation)) {
        saved_store(keys, body, fetched_at);
    }
}


void
saved_init(key_source_t *keys) noexcept
{
    if (keys->settings.state == NULL) {
        return;
    }

    saved_sweep(keys);

    try {
        if (keys->zone->generation.load(std::memory_order_relaxed) == 0) {
            saved_restore(keys);

        } else {
            saved_catch_up(keys);
        }

    } catch (...) {
        ngx_log_error(NGX_LOG_WARN, keys->cycle->log, 0,
                      "id_token_provider \"%V\": no memory for the saved keys",
                      &keys->settings.provider);
    }
}


/*
 * Nothing is synced: that could stall the event loop, and a torn file shows
 * by its digest.
 */

static bool
saved_write(const std::string &temporary, const std::string &path,
    std::string_view text)
{
    int      fd, flags;
    ssize_t  n;

    flags = O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC;

    fd = open(temporary.c_str(), flags, 0600);

    if (fd == -1 && ngx_errno == NGX_EEXIST) {
        /* of a worker that was killed */
        unlink(temporary.c_str());
        fd = open(temporary.c_str(), flags, 0600);
    }

    if (fd == -1) {
        return false;
    }

    descriptor  file(fd);

    while (!text.empty()) {
        n = write(file.get(), text.data(), text.size());

        if (n == -1) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            return false;
        }

        text.remove_prefix(n);
    }

    return file.close() == 0
           && rename(temporary.c_str(), path.c_str()) == 0;
}


void
saved_store(key_source_t *keys, std::string_view document, int64_t fetched_at)
    noexcept
{
    time_t     age;
    ngx_err_t  err;

    if (keys->settings.state == NULL) {
        return;
    }

    age = (zone_now() - fetched_at) / 1000;

    try {
        std::string  path = saved_path(keys);
        std::string  temporary = path + SAVED_TEMPORARY
                                 + std::to_string(ngx_pid);
        std::string  text = format_key_state(saved_origin(keys),
                                    ngx_time() - age, document);

        if (saved_write(temporary, path, text)) {
            keys->zone->save_failed.store(false, std::memory_order_relaxed);
            return;
        }

        err = ngx_errno;
        unlink(temporary.c_str());

    } catch (...) {
        err = NGX_ENOMEM;
    }

    /* told once, whichever worker fetches next, and again after a reload */

    if (!keys->zone->save_failed.exchange(true, std::memory_order_relaxed)) {
        ngx_log_error(NGX_LOG_WARN, keys->cycle->log, err,
                      "id_token_provider \"%V\": the keys cannot be saved in "
                      "\"%V\"",
                      &keys->settings.provider, &keys->settings.state->name);
    }
}


}  // namespace id_token::nginx
