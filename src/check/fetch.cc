#include "fetch.h"

#include "idt_keys/discovery.h"
#include "idt_keys/url.h"

#ifdef ID_TOKEN_CURL
#include <curl/curl.h>

#include <memory>
#endif

namespace id_token::check {

#ifdef ID_TOKEN_CURL

namespace {

constexpr std::size_t kMaxDocument = 1024 * 1024;  // as jwks_max_size
constexpr long kTimeoutMs = 10'000;

struct CurlDeleter {
    void operator()(CURL *curl) const noexcept { curl_easy_cleanup(curl); }
};

extern "C" std::size_t keep(char *bytes, std::size_t, std::size_t count,
                            void *to) {
    auto *document = static_cast<std::string *>(to);
    if (count > kMaxDocument - document->size()) {
        return 0;
    }
    document->append(bytes, count);
    return count;
}

// A request may go where the module's may: https, http to this machine, and
// anywhere only if the configuration says so.
std::string why_not(const std::string &url, bool insecure) {
    const auto parsed = parse_url(url);
    if (!parsed) {
        return std::string(url_error_text(parsed.error()));
    }
    return transport(*parsed) == Transport::insecure && !insecure
               ? "is neither https nor on this machine"
               : "";
}

void set_options(CURL *curl, const std::string &url, const Provider &provider,
                 Fetched &result) {
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                     static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kTimeoutMs);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &result.document);
    if (!provider.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, provider.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
}

Fetched get(const std::string &url, const Provider &provider) {
    Fetched result;
    const std::string shown = without_userinfo(url);
    if (std::string why = why_not(url, provider.insecure); !why.empty()) {
        result.problem = "\"" + shown + "\" " + why;
        return result;
    }
    const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
    if (curl == nullptr) {
        result.problem = "libcurl does not start";
        return result;
    }
    set_options(curl.get(), url, provider, result);
    const CURLcode code = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        result.problem = shown + ": " + curl_easy_strerror(code);
    } else if (status != 200) {
        result.problem = shown + ": status " + std::to_string(status);
    }
    return result;
}

}  // namespace

Fetched fetch_keys(const Provider &provider) {
    if (!provider.fetched_by.empty()) {
        return {{},
                "the keys are fetched with \"" + provider.fetched_by +
                    "\", which is not done here: give --jwks FILE"};
    }
    if (!provider.jwks_uri.empty()) {
        return get(provider.jwks_uri, provider);
    }
    const auto url = discovery_url(provider.policy.issuer);
    if (!url) {
        return {{}, "the issuer is no URL that discovery could begin with"};
    }
    Fetched found = get(*url, provider);
    if (!found.problem.empty()) {
        return found;
    }
    const auto uri = parse_discovery(found.document, provider.policy.issuer);
    if (!uri) {
        return {{},
                *url + " " + std::string(discovery_error_text(uri.error()))};
    }
    return get(*uri, provider);
}

#else

Fetched fetch_keys(const Provider &) {
    return {{}, "this program was built without libcurl: give --jwks FILE"};
}

#endif

}  // namespace id_token::check
