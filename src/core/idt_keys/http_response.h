// Reads one HTTP/1.x answer as its bytes come in, RFC 9112.
//
// Only a plain 200 with a bounded body counts: 1xx are passed over, redirects
// are not followed, nothing is decompressed. A message whose length can be
// read in two ways is refused, not interpreted (RFC 9112 6.3).

#ifndef IDT_KEYS_HTTP_RESPONSE_H
#define IDT_KEYS_HTTP_RESPONSE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace id_token {

// Status lines and fields, chunk extensions and trailers, all together.
inline constexpr std::size_t kMaxHttpHeadBytes = 32 * 1024;

// Why an answer is refused. X(name, text)
#define ID_TOKEN_HTTP_ERRORS(X)                                                \
    X(none, "")                                                                \
    X(not_http, "the answer is not HTTP/1.1 or HTTP/1.0")                      \
    X(status, "answered")                                                      \
    X(head_too_long, "the header of the answer is too long")                   \
    X(field, "the answer has a malformed header field")                        \
    X(length, "the answer has an invalid Content-Length")                      \
    X(length_twice, "the answer has two different Content-Length")             \
    X(length_and_coding,                                                       \
      "the answer has both Content-Length and Transfer-Encoding")              \
    X(transfer_coding, "the answer has an unsupported Transfer-Encoding")      \
    X(content_coding, "the answer is compressed")                              \
    X(body_too_long, "the answer is too long")                                 \
    X(chunk, "the answer has a malformed chunk")                               \
    X(closed, "the connection was closed before any answer")                   \
    X(truncated, "the answer was cut off")                                     \
    X(surplus, "the proxy sent more than its answer")

enum class HttpError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_HTTP_ERRORS(X)
#undef X
};

class HttpResponse {
  public:
    enum class Kind : std::uint8_t {
        document,  // to a GET: 200 and a body
        // of a token endpoint: the same, or 400 or 401 with a reason in the
        // body (RFC 6749 5.2)
        token,
        tunnel,  // to a CONNECT: 2xx and no body
    };
    enum class State : std::uint8_t { more, done, failed };

    explicit HttpResponse(std::size_t max_body,
                          Kind kind = Kind::document) noexcept
        : max_body_(max_body), kind_(kind) {}

    // The next bytes, cut at will; what follows the end of the answer is
    // ignored. Throws std::bad_alloc only.
    [[nodiscard]] State feed(std::string_view bytes);

    // The peer has closed the connection: the end of a body without length.
    [[nodiscard]] State close() noexcept;

    // Whether the peer has sent anything.
    [[nodiscard]] bool begun() const noexcept { return begun_; }

    [[nodiscard]] HttpError error() const noexcept { return error_; }

    // What was wrong, in plain words: "answered 302 with a redirect to ...".
    [[nodiscard]] std::string error_text() const;

    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] const std::string &body() const noexcept { return body_; }

    // All field values, joined by ", ".
    [[nodiscard]] const std::string &cache_control() const noexcept {
        return cache_control_;
    }

    // Seconds; 0 if absent or invalid, at most 2^31 (RFC 9111 1.2.2).
    [[nodiscard]] std::uint32_t age() const noexcept { return age_; }

  private:
    enum class Step : std::uint8_t {
        status_line,
        fields,
        body_by_length,
        body_to_close,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        over,
    };

    State refuse(HttpError error) noexcept;
    State take_body(std::string_view &bytes);
    State take_line(std::string_view line);
    State take_status_line(std::string_view line);
    State take_field_line(std::string_view line);
    State take_field(std::string_view line);
    void take_length(std::string_view value) noexcept;
    void take_age(std::string_view value) noexcept;
    void forget_fields() noexcept;
    State take_chunk_size(std::string_view line);
    State end_of_fields();

    std::size_t max_body_;
    std::size_t head_left_ = kMaxHttpHeadBytes;
    std::uint64_t left_ = 0;  // of the body, or of the chunk
    std::optional<std::uint64_t> length_;
    std::string line_;
    std::string field_;  // the last one, which may go on in the next line
    std::string body_;
    std::string cache_control_;
    std::string location_;
    std::uint32_t age_ = 0;
    int status_ = 0;
    Kind kind_;
    Step step_ = Step::status_line;
    HttpError error_ = HttpError::none;
    HttpError flaw_ =
        HttpError::none;  // of the framing; the status comes first
    bool begun_ = false;
    bool http_1_0_ = false;
    bool chunked_ = false;
    bool has_age_ = false;
};

}  // namespace id_token

#endif
