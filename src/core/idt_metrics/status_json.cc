#include "idt_metrics/status.h"

#include "idt_lib/json.h"

namespace id_token {

namespace {

constexpr std::string_view kStates[] = {"fresh", "stale", "none"};

// Writes an object or an array, with the commas where they belong.
class JsonWriter {
  public:
    void open(char bracket) {
        out_ += bracket;
        first_ = true;
    }
    void close(char bracket) {
        out_ += bracket;
        first_ = false;
    }
    void name(std::string_view name) {
        next();
        append_json_string(out_, name);
        out_ += ':';
        first_ = true;
    }
    void text(std::string_view text) {
        next();
        append_json_string(out_, text);
    }
    void number(std::int64_t number) {
        next();
        out_ += std::to_string(number);
    }
    void null() {
        next();
        out_ += "null";
    }
    void next() {
        out_ += first_ ? "" : ",";
        first_ = false;
    }

    void member(std::string_view key, std::string_view value) {
        name(key);
        text(value);
    }
    void member(std::string_view key, std::uint64_t value) {
        name(key);
        number(static_cast<std::int64_t>(value));
    }
    void member(std::string_view key, std::optional<std::int64_t> value) {
        name(key);
        value ? number(*value) : null();
    }
    // Absent is null.
    void text_or_null(std::string_view key, std::string_view value) {
        name(key);
        value.empty() ? null() : text(value);
    }
    void open(std::string_view key, char bracket) {
        name(key);
        next();
        open(bracket);
    }
    void open_element() {
        next();
        open('{');
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
    bool first_ = true;
};

template <class Row, class Numbers, class Enum>
void write_reasons(JsonWriter &json, std::string_view key,
                   const Numbers &numbers, const Row &(*row)(Enum)) {
    json.open(key, '{');
    for (std::size_t i = 0; i < numbers.size(); i++) {
        if (numbers[i] != 0 || i == 0) {
            json.member(i == 0 ? "ok" : row(static_cast<Enum>(i)).name,
                        numbers[i]);
        }
    }
    json.close('}');
}

void write_provider(JsonWriter &json, const ProviderStatus &provider) {
    json.open_element();
    json.member("name", provider.name);
    json.member("issuer", provider.issuer);
    json.member("client_id", provider.client_id);
    write_reasons<ErrorRow>(
        json, "requests", provider.requests,
        +[](Error e) -> const ErrorRow & { return error_row(e); });
    std::size_t i = 0;
#define X(name, help) json.member(#name, provider.counts[i++]);
    ID_TOKEN_COUNTS(X)
#undef X
    write_reasons<LoginErrorRow>(
        json, "logins", provider.logins,
        +[](LoginError e) -> const LoginErrorRow & {
            return login_error_row(e);
        });
    json.close('}');
}

void write_source(JsonWriter &json, const SourceStatus &source) {
    json.open_element();
    json.member("source", source.source);
    json.open("providers", '[');
    for (const std::string &provider : source.providers) {
        json.text(provider);
    }
    json.close(']');
    json.member("state", kStates[static_cast<std::size_t>(source.state)]);
    json.open("keys", '[');
    for (const KeyStatus &key : source.keys) {
        json.open_element();
        json.text_or_null("kid", key.kid);
        json.member("kind", key.kind);
        json.text_or_null("alg", key.algorithm);
        json.member("thumbprint", key.thumbprint);
        json.close('}');
    }
    json.close(']');
    json.member("age", source.age);
    if (!source.is_file) {
        json.member("next_fetch", source.next_fetch);
        json.member("fetches_good", source.fetches_good);
        json.member("fetches_failed", source.fetches_failed);
        json.text_or_null("last_error", source.last_error);
        json.member("last_error_age", source.last_error_age);
        json.text_or_null("address", source.address);
    }
    json.close('}');
}

void write_revocations(JsonWriter &json, const RevocationsStatus &list) {
    json.open("revocations", '{');
    json.member("held", list.held);
    json.member("capacity", list.capacity);
    if (list.has_engine) {
        json.member("in_step_for", list.in_step_for);
        json.text_or_null("last_error", list.last_error);
    }
    json.close('}');
}

}  // namespace

std::string status_json(const Status &status) {
    JsonWriter json;
    json.open('{');
    json.member("version", status.version);
    json.member("since", std::optional(status.since));
    json.open("providers", '[');
    for (const ProviderStatus &provider : status.providers) {
        write_provider(json, provider);
    }
    json.close(']');
    json.open("sources", '[');
    for (const SourceStatus &source : status.sources) {
        write_source(json, source);
    }
    json.close(']');
    json.member("provider_unknown", status.provider_unknown);
    json.member("parked", status.parked);
    json.member("cache_tokens", status.cache_tokens);
    json.member("cache_bytes", status.cache_bytes);
    if (status.revocations) {
        write_revocations(json, *status.revocations);
    }
    json.close('}');
    return json.take() + "\n";
}

}  // namespace id_token
