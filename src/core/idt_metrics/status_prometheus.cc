#include "idt_metrics/status.h"

namespace id_token {

namespace {

struct Label {
    std::string_view name, value;
};

// The text format's own escapes; what is no printable ASCII cannot break a
// line.
void append_label_value(std::string &out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += (c >= 0 && c < 0x20) || c == 0x7f ? '?' : c;
        }
    }
}

class Metrics {
  public:
    // Before the samples of a metric, once.
    void about(std::string_view name, std::string_view type,
               std::string_view help) {
        name_ = "id_token_" + std::string(name);
        out_ += "# HELP " + name_ + ' ' + std::string(help) + "\n# TYPE " +
                name_ + ' ' + std::string(type) + '\n';
    }
    void sample(std::int64_t value, std::initializer_list<Label> labels = {}) {
        out_ += name_;
        char mark = '{';
        for (const Label &label : labels) {
            out_ += mark;
            out_ += label.name;
            out_ += "=\"";
            append_label_value(out_, label.value);
            out_ += '"';
            mark = ',';
        }
        out_ += mark == ',' ? "} " : " ";
        out_ += std::to_string(value) + '\n';
    }
    void sample(std::uint64_t value, std::initializer_list<Label> labels = {}) {
        sample(static_cast<std::int64_t>(value), labels);
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_, name_;
};

void write_providers(Metrics &metrics,
                     const std::vector<ProviderStatus> &providers) {
    metrics.about("requests_total", "counter",
                  "Requests judged, by reason; ok: let through.");
    for (const ProviderStatus &p : providers) {
        for (std::size_t i = 0; i < kErrorCount; i++) {
            if (p.requests[i] != 0 || i == 0) {
                metrics.sample(
                    p.requests[i],
                    {{"provider", p.name},
                     {"reason", error_row(static_cast<Error>(i)).name}});
            }
        }
    }
    metrics.about("logins_total", "counter",
                  "Logins that came back, by result; ok: a session began.");
    for (const ProviderStatus &p : providers) {
        for (std::size_t i = 0; i < kLoginErrorCount; i++) {
            if (p.logins[i] != 0 || i == 0) {
                metrics.sample(
                    p.logins[i],
                    {{"provider", p.name},
                     {"result",
                      i == 0
                          ? "ok"
                          : login_error_row(static_cast<LoginError>(i)).name}});
            }
        }
    }
    std::size_t i = 0;
#define X(what, help)                                                          \
    metrics.about(#what "_total", "counter", help);                            \
    for (const ProviderStatus &p : providers) {                                \
        metrics.sample(p.counts[i], {{"provider", p.name}});                   \
    }                                                                          \
    i++;
    ID_TOKEN_COUNTS(X)
#undef X
}

void write_sources(Metrics &metrics, const std::vector<SourceStatus> &sources) {
    metrics.about("keys", "gauge", "Signing keys in use.");
    for (const SourceStatus &s : sources) {
        metrics.sample(s.keys.size(), {{"source", s.source}});
    }
    metrics.about("keys_usable", "gauge",
                  "1: tokens can be judged; 0: no keys, or too old ones.");
    for (const SourceStatus &s : sources) {
        metrics.sample(std::int64_t{s.state != KeysState::none},
                       {{"source", s.source}});
    }
    metrics.about(
        "keys_stale", "gauge",
        "1: the keys in use could not be refreshed when they should.");
    for (const SourceStatus &s : sources) {
        metrics.sample(std::int64_t{s.state == KeysState::stale},
                       {{"source", s.source}});
    }
    metrics.about("keys_age_seconds", "gauge",
                  "Time since the keys were last fetched.");
    for (const SourceStatus &s : sources) {
        if (s.age) {
            metrics.sample(*s.age, {{"source", s.source}});
        }
    }
    metrics.about("key_fetches_total", "counter",
                  "Attempts to fetch keys that ended, by result.");
    for (const SourceStatus &s : sources) {
        if (!s.is_file) {
            metrics.sample(s.fetches_good,
                           {{"source", s.source}, {"result", "ok"}});
            metrics.sample(s.fetches_failed,
                           {{"source", s.source}, {"result", "failed"}});
        }
    }
}

void write_revocations(Metrics &metrics, const RevocationsStatus &list) {
    metrics.about("revocations", "gauge", "Logouts that are remembered.");
    metrics.sample(list.held);
    metrics.about("revocations_capacity", "gauge",
                  "Logouts that there is room for.");
    metrics.sample(list.capacity);
    if (list.has_engine) {
        metrics.about("revocations_in_step", "gauge",
                      "1: this node knows what the others know.");
        metrics.sample(std::int64_t{list.in_step_for.has_value()});
    }
}

}  // namespace

std::string status_prometheus(const Status &status) {
    Metrics metrics;
    metrics.about("build_info", "gauge", "The version of the module.");
    metrics.sample(std::int64_t{1}, {{"version", status.version}});
    metrics.about("start_time_seconds", "gauge",
                  "Since when is counted, in seconds of the epoch.");
    metrics.sample(status.since);
    write_providers(metrics, status.providers);
    metrics.about("provider_unknown_total", "counter",
                  "Requests for which the configuration named no provider.");
    metrics.sample(status.provider_unknown);
    metrics.about("requests_waiting", "gauge",
                  "Requests that wait for keys now.");
    metrics.sample(status.parked);
    metrics.about("cache_tokens", "gauge",
                  "Tokens in the caches of all workers.");
    metrics.sample(status.cache_tokens);
    metrics.about("cache_bytes", "gauge",
                  "Memory of the caches of all workers.");
    metrics.sample(status.cache_bytes);
    write_sources(metrics, status.sources);
    if (status.revocations) {
        write_revocations(metrics, *status.revocations);
    }
    return metrics.take();
}

}  // namespace id_token
