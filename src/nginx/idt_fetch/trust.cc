/*
 * What is trusted, by content: a CA file that was changed in place is another
 * trust, and keys that were fetched through the former one are not for it.
 */

#include "idt_fetch/trust.h"
#include "idt_glue/file.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "idt_lib/digest.h"


namespace id_token::nginx {


/* more than any bundle has, less than what would hold up the start */
#define MAX_TRUST_BYTES  (16 * 1024 * 1024)


/* where distributions have it, if not where OpenSSL was built to look */

static const char *const  bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",        /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",          /* Fedora, RHEL */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",                    /* SUSE */
    "/etc/ssl/cert.pem",                         /* Alpine, BSD, macOS */
    "/usr/local/share/certs/ca-root-nss.crt",    /* FreeBSD */
};


static std::string setting(const char *variable, const char *standard);
static std::vector<std::string> hashed_names(const std::string &dir);
static std::string digest_file(const std::string &path);


/* Of a small file that may be absent: empty, then. */

static bool
read_bytes(const std::string &path, std::string *bytes)
{
    struct stat  st;

    descriptor  fd(open(path.c_str(), O_RDONLY|O_NONBLOCK|O_CLOEXEC));

    if (fd.get() == -1 || fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)
        || st.st_size > MAX_TRUST_BYTES)
    {
        return false;
    }

    bytes->resize(st.st_size);

    return read_all(fd, bytes->data(), bytes->size());
}


static std::string
digest_file(const std::string &path)
{
    std::string  bytes;

    return read_bytes(path, &bytes) ? sha256_hex(bytes) : "none";
}


/* as c_rehash names them: eight digits, a dot, a number, "r" before it: CRL */

static std::vector<std::string>
hashed_names(const std::string &dir)
{
    struct dirent             *entry;
    std::vector<std::string>   names;

    std::unique_ptr<DIR, int (*)(DIR *)>  d(opendir(dir.c_str()), closedir);

    while (d && (entry = readdir(d.get())) != NULL) {
        std::string_view  name(entry->d_name);

        if (name.size() >= 10 && name[8] == '.'
            && name.find_first_not_of("0123456789abcdef") == 8)
        {
            names.emplace_back(name);
        }
    }

    std::sort(names.begin(), names.end());

    return names;
}


static std::string
setting(const char *variable, const char *standard)
{
    const char  *value;

    value = secure_getenv(variable);

    return value ? value : standard;
}


system_trust_t
system_trust(void)
{
    system_trust_t  trust;

    trust.file = setting(X509_get_default_cert_file_env(),
                         X509_get_default_cert_file());
    trust.dir = setting(X509_get_default_cert_dir_env(),
                        X509_get_default_cert_dir());
    trust.standard = access(trust.file.c_str(), R_OK) == 0
                     || !hashed_names(trust.dir).empty();

    if (trust.standard) {
        return trust;
    }

    trust.dir.clear();
    trust.file.clear();

    for (const char *bundle : bundles) {
        if (access(bundle, R_OK) == 0) {
            trust.file = bundle;
            break;
        }
    }

    return trust;
}


static std::string
digest_system(void)
{
    std::string  text, bytes;

    auto  trust = system_trust();

    text = digest_file(trust.file);

    for (const auto &name : hashed_names(trust.dir)) {
        if (read_bytes(trust.dir + "/" + name, &bytes)) {
            text += name + " " + sha256_hex(bytes) + "\n";
        }
    }

    return sha256_hex(text);
}


/* Files are read once for all providers of a cycle. */

typedef std::map<std::string, std::string>  digests_t;


static void
digests_cleanup(void *data) noexcept
{
    delete static_cast<digests_t *>(data);
}


static digests_t *
digests(ngx_cycle_t *cycle)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = cycle->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == digests_cleanup) {
            return static_cast<digests_t *>(cln->data);
        }
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        throw std::bad_alloc();
    }

    cln->data = new digests_t;
    cln->handler = digests_cleanup;

    return static_cast<digests_t *>(cln->data);
}


std::string
trust_digest(ngx_conf_t *cf, const ngx_str_t *file)
{
    digests_t    *known;
    std::string   path;

    known = digests(cf->cycle);

    if (file->len) {
        path.assign(reinterpret_cast<char *>(file->data), file->len);
    }

    auto  found = known->find(path);

    if (found == known->end()) {
        found = known->emplace(path, path.empty() ? digest_system()
                                                  : digest_file(path)).first;
    }

    return found->second;
}

}  // namespace id_token::nginx
