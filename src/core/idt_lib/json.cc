#include "idt_lib/json.h"

#include <jansson.h>

#include <csetjmp>

namespace id_token {

namespace {

// jansson's lexer ignores a failed growth of its text buffer and would then
// read past the end of it, or parse a string with a hole. During a parse one
// failed allocation therefore makes all later ones fail, which stops the
// lexer before it looks at the buffer, and the failure is told from a syntax
// error. The functions in force before are called, and are back afterwards.
//
// The only mutable state of the core, because jansson has no context to hang
// it on; like jansson's own set-up it is for one thread.
struct Allocation {
    json_malloc_t malloc_before = nullptr;
    json_free_t free_before = nullptr;
#if JANSSON_VERSION_HEX >= 0x020f00
    json_realloc_t realloc_before = nullptr;
#endif
    bool failed = false;
    std::jmp_buf *way_out = nullptr;
};

Allocation allocation;

void *checked(void *p) {
    allocation.failed |= p == nullptr;
    if (p == nullptr && allocation.way_out != nullptr) {
        // An exception might not get through functions in C.
        std::longjmp(*allocation.way_out, 1);  // NOLINT(cert-err52-cpp)
    }
    return p;
}

void *watched_malloc(std::size_t size) {
    return checked(allocation.failed ? nullptr
                                     : allocation.malloc_before(size));
}

void watched_free(void *p) {
    allocation.free_before(p);
}

#if JANSSON_VERSION_HEX >= 0x020f00

void *watched_realloc(void *p, std::size_t size) {
    return checked(allocation.failed ? nullptr
                                     : allocation.realloc_before(p, size));
}

class AllocationScope {
  public:
    AllocationScope() noexcept {
        Allocation &a = allocation;
        a.failed = false;
        json_get_alloc_funcs2(&a.malloc_before, &a.realloc_before,
                              &a.free_before);
        json_set_alloc_funcs2(
            watched_malloc,
            a.realloc_before == nullptr ? nullptr : watched_realloc,
            watched_free);
    }
    ~AllocationScope() {
        const Allocation &a = allocation;
        json_set_alloc_funcs2(a.malloc_before, a.realloc_before, a.free_before);
    }

#else

class AllocationScope {
  public:
    AllocationScope() noexcept {
        allocation.failed = false;
        json_get_alloc_funcs(&allocation.malloc_before,
                             &allocation.free_before);
        json_set_alloc_funcs(watched_malloc, watched_free);
    }
    ~AllocationScope() {
        json_set_alloc_funcs(allocation.malloc_before, allocation.free_before);
    }

#endif

    AllocationScope(const AllocationScope &) = delete;
    AllocationScope &operator=(const AllocationScope &) = delete;

    [[nodiscard]] bool failed() const noexcept {
        return allocation.failed;
    }
};

// Enough for most texts, and much cheaper than following the nesting.
bool has_few_brackets(std::string_view text) noexcept {
    std::size_t count = 0;
    for (const char bracket : {'{', '['}) {
        for (std::size_t i = text.find(bracket); i != text.npos;
             i = text.find(bracket, i + 1)) {
            if (++count > kMaxJsonDepth) {
                return false;
            }
        }
    }
    return true;
}

// Exact for every JSON text; of anything else jansson says that it is none.
bool too_deep(std::string_view text) noexcept {
    if (has_few_brackets(text)) {
        return false;
    }

    std::size_t depth = 0;
    bool in_string = false;

    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '"') {
                in_string = false;
            } else if (c == '\\') {
                i++;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxJsonDepth) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

}  // namespace

JsonKind JsonView::kind() const noexcept {
    if (node_ != nullptr) {
        return node_->kind;
    }
    switch (json_typeof(value_)) {
        case JSON_OBJECT:
            return JsonKind::object;
        case JSON_ARRAY:
            return JsonKind::array;
        case JSON_STRING:
            return JsonKind::string;
        case JSON_INTEGER:
            return JsonKind::integer;
        case JSON_REAL:
            return JsonKind::real;
        case JSON_TRUE:
        case JSON_FALSE:
            return JsonKind::boolean;
        case JSON_NULL:
            break;
    }
    return JsonKind::null;
}

JsonView JsonView::find(std::string_view name) const noexcept {
    if (node_ != nullptr) {
        return JsonView(node_->find(name));
    }
#if JANSSON_VERSION_HEX >= 0x020e00
    return JsonView(json_object_getn(value_, name.data(), name.size()));
#else
    for (void *it = first_member(); it != nullptr; it = next_member(it)) {
        if (member_name(it) == name) {
            return member_value(it);
        }
    }
    return {};
#endif
}

JsonView JsonView::at(std::size_t index) const noexcept {
    return node_ != nullptr ? JsonView(node_->at(index))
                            : JsonView(json_array_get(value_, index));
}

std::size_t JsonView::size() const noexcept {
    if (node_ != nullptr) {
        const bool holds =
            node_->kind == JsonKind::array || node_->kind == JsonKind::object;
        return holds ? node_->size : 0;
    }
    return json_is_array(value_) ? json_array_size(value_)
                                 : json_object_size(value_);
}

std::optional<std::string_view> JsonView::string() const noexcept {
    if (node_ != nullptr) {
        return node_->kind == JsonKind::string ? std::optional(node_->bytes())
                                               : std::nullopt;
    }
    if (!json_is_string(value_)) {
        return std::nullopt;
    }
    return std::string_view(json_string_value(value_),
                            json_string_length(value_));
}

std::optional<bool> JsonView::boolean() const noexcept {
    if (node_ != nullptr) {
        return node_->kind == JsonKind::boolean ? std::optional(node_->size > 0)
                                                : std::nullopt;
    }
    if (!json_is_boolean(value_)) {
        return std::nullopt;
    }
    return json_is_true(value_);
}

std::optional<double> JsonView::number() const noexcept {
    if (node_ != nullptr) {
        return node_->number();
    }
    if (!json_is_number(value_)) {
        return std::nullopt;
    }
    return json_number_value(value_);
}

std::int64_t JsonView::jansson_integer() const noexcept {
    return json_integer_value(value_);
}

void *JsonView::first_member() const noexcept {
    return json_object_iter(value_);
}

// jansson asks for the object but does not need it to step on.
void *JsonView::next_member(void *it) const noexcept {
    return json_object_iter_next(value_, it);
}

std::string_view JsonView::member_name(void *it) noexcept {
#if JANSSON_VERSION_HEX >= 0x020e00
    return {json_object_iter_key(it), json_object_iter_key_len(it)};
#else
    return json_object_iter_key(it);
#endif
}

JsonView JsonView::member_value(void *it) noexcept {
    return JsonView(json_object_iter_value(it));
}

Result<Json, JsonError> Json::parse(std::string_view text, JsonValues values) {
    if (too_deep(text)) {
        return JsonError::depth;
    }
    // jansson drops a NUL that follows a number, true, false or null.
    if (text.find('\0') != text.npos) {
        return JsonError::syntax;
    }

    std::size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    if (values == JsonValues::lossy) {
        flags |= JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
    }
    const AllocationScope scope;
    json_error_t error;
    Json json(json_loadb(text.data(), text.size(), flags, &error));
    if (scope.failed()) {
        return JsonError::out_of_memory;
    }
    if (json.root_ == nullptr) {
        return JsonError::syntax;
    }
    if (!json_is_object(json.root_)) {
        return JsonError::not_an_object;
    }
    return json;
}

Json::~Json() {
    json_decref(root_);
}

bool call_or_run_out_of_memory(void (*work)(void *), void *context) noexcept {
    const AllocationScope scope;
    std::jmp_buf way_out;
    if (setjmp(way_out) == 0) {  // NOLINT(cert-err52-cpp)
        allocation.way_out = &way_out;
        work(context);
    }
    allocation.way_out = nullptr;
    return !scope.failed();
}

}  // namespace id_token
