// Makes allocations fail: those of operator new, jansson and OpenSSL.
//
// Defines operator new: for one source file of a program.
#pragma once

#include <jansson.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>
#include <utility>

namespace unit {

struct AllocationPlan {
    bool armed = false;
    long left = 0;  // allocations to let pass
    bool all_later = false;
    bool hit = false;
};

inline thread_local AllocationPlan plan;

inline bool must_fail() noexcept {
    if (!plan.armed) {
        return false;
    }
    if (plan.left > 0) {
        plan.left--;
        return false;
    }
    if (plan.hit && !plan.all_later) {
        return false;
    }
    plan.hit = true;
    return true;
}

inline void *json_allocate(std::size_t size) {
    return must_fail() ? nullptr : std::malloc(size);
}

inline void *openssl_allocate(std::size_t size, const char *, int) {
    return must_fail() ? nullptr : std::malloc(size);
}

inline void *openssl_reallocate(void *p, std::size_t size, const char *, int) {
    return must_fail() ? nullptr : std::realloc(p, size);
}

inline void openssl_free(void *p, const char *, int) {
    std::free(p);
}

// OpenSSL lets its functions be changed before its first allocation only.
inline const bool allocation_installed = [] {
    json_set_alloc_funcs(json_allocate, std::free);
    if (CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate,
                                 openssl_free) != 1) {
        std::abort();
    }
    return true;
}();

enum class Failing {
    one,       // that allocation only
    all_from,  // that one and all that follow
};

// While it lives, the nth (from 1) allocation of this thread fails.
class FailingAllocation {
  public:
    FailingAllocation(long nth, Failing how) noexcept {
        plan = {true, nth - 1, how == Failing::all_from, false};
    }
    ~FailingAllocation() { plan = {}; }
    FailingAllocation(const FailingAllocation &) = delete;
    FailingAllocation &operator=(const FailingAllocation &) = delete;

    // Whether any has failed so far.
    [[nodiscard]] bool hit() const noexcept { return plan.hit; }
};

// Does `work` with the first, then with the second allocation failing and so
// on, until none is left to fail. `work` must not assert; `judge` gets what it
// returned and whether an allocation failed, and may. Returns the number of
// allocations that were made to fail.
template <class Work, class Judge>
long with_each_allocation_failing(Failing how, Work work, Judge judge) {
    for (long nth = 1;; nth++) {
        bool hit = false;
        auto result = [&] {
            const FailingAllocation failing(nth, how);
            auto r = work();
            hit = failing.hit();
            return r;
        }();
        judge(std::move(result), hit);
        if (!hit) {
            return nth - 1;
        }
    }
}

}  // namespace unit

// Nothing here is that large: somewhere a length went wrong.
inline constexpr std::size_t kMostAtOnce = std::size_t{256} << 20;

void *operator new(std::size_t size) {
    if (size > kMostAtOnce) {
        std::abort();
    }
    void *p = unit::must_fail() ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (p == nullptr) {
        throw std::bad_alloc();
    }
    return p;
}

void operator delete(void *p) noexcept {
    std::free(p);
}
void operator delete(void *p, std::size_t) noexcept {
    std::free(p);
}
