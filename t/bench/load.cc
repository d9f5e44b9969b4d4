// Sends HTTP/1.1 requests over kept connections, one after the other on each,
// and counts the answers. The tokens are those of a file, one a line, in turn;
// a second word in the line is the Host to ask.
//
//     load --port N [option value]...        prints one line of JSON
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr char kUsage[] =
    "usage: load --port N [--path /] [--host localhost]\n"
    "    [--tokens FILE] [--field 'Authorization: Bearer '] [--start N]\n"
    "    [--requests N | --seconds N] [--connections N] [--cpu N]\n";

constexpr std::size_t kMaxHead = 16 * 1024;
constexpr int kPatienceMs = 60'000;  // valgrind is slow

[[noreturn]] void fail(const std::string &what) {
    throw std::runtime_error(what);
}

[[noreturn]] void fail_errno(const char *what) {
    fail(std::string(what) + ": " + std::strerror(errno));
}

struct Options {
    std::string path = "/";
    std::string host = "localhost";
    std::string tokens;
    std::string field = "Authorization: Bearer ";
    int port = 0;
    int cpu = -1;
    std::size_t start = 0;
    long requests = 0;
    double seconds = 0;
    std::size_t connections = 16;
};

Options parse_options(int argc, char **argv) {
    Options o;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name(argv[i]);
        if (i + 1 == argc) {
            fail(std::string(name) + " needs a value\n" + kUsage);
        }
        const std::string value(argv[i + 1]);
        if (name == "--path") {
            o.path = value;
        } else if (name == "--host") {
            o.host = value;
        } else if (name == "--tokens") {
            o.tokens = value;
        } else if (name == "--field") {
            o.field = value;
        } else if (name == "--port") {
            o.port = std::stoi(value);
        } else if (name == "--cpu") {
            o.cpu = std::stoi(value);
        } else if (name == "--start") {
            o.start = std::stoul(value);
        } else if (name == "--requests") {
            o.requests = std::stol(value);
        } else if (name == "--seconds") {
            o.seconds = std::stod(value);
        } else if (name == "--connections") {
            o.connections = std::stoul(value);
        } else {
            fail("unknown option " + std::string(name) + "\n" + kUsage);
        }
    }
    if (o.port == 0 || o.connections == 0 ||
        (o.requests == 0) == (o.seconds == 0)) {
        fail(kUsage);
    }
    return o;
}

// -- what is sent -------------------------------------------------------------

class Requests {
  public:
    explicit Requests(const Options &o) : o_(o), next_(o.start) {
        if (o.tokens.empty()) {
            return;
        }
        std::ifstream file(o.tokens, std::ios::binary);
        text_.assign(std::istreambuf_iterator<char>(file), {});
        std::string_view rest(text_);
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            if (end > 0) {
                lines_.push_back(rest.substr(0, end));
            }
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        if (lines_.empty()) {
            fail("no tokens in " + o.tokens);
        }
        next_ %= lines_.size();
    }

    // A view that the next call ends.
    std::string_view take() {
        std::string_view token;
        std::string_view host = o_.host;
        if (!lines_.empty()) {
            token = lines_[next_];
            next_ = next_ + 1 == lines_.size() ? 0 : next_ + 1;
            if (const auto space = token.find(' ');
                space != std::string_view::npos) {
                host = token.substr(space + 1);
                token = token.substr(0, space);
            }
        }
        buffer_.clear();
        buffer_.append("GET ").append(o_.path).append(" HTTP/1.1\r\nHost: ");
        buffer_.append(host).append("\r\n");
        if (!lines_.empty()) {
            buffer_.append(o_.field).append(token).append("\r\n");
        }
        return buffer_.append("\r\n");
    }

    [[nodiscard]] std::size_t next() const { return next_; }

  private:
    const Options &o_;
    std::string text_;
    std::vector<std::string_view> lines_;
    std::size_t next_;
    std::string buffer_;
};

// -- what comes back ----------------------------------------------------------

class Connection {
  public:
    explicit Connection(int port) : port_(port) { open(); }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    ~Connection() { ::close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n =
                ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(n));
                continue;
            }
            if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
                fail_errno("send");
            }
            pollfd p{fd_, POLLOUT, 0};
            if (poll(&p, 1, kPatienceMs) == 0) {
                fail("the server does not read");
            }
        }
    }

    // The status of an answer that is complete, or 0.
    int receive() {
        std::array<char, 64 * 1024> bytes;
        for (;;) {
            const ssize_t n = recv(fd_, bytes.data(), bytes.size(), 0);
            if (n < 0 && errno == EAGAIN) {
                return 0;
            }
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                fail_errno("recv");
            }
            if (n == 0) {
                fail("the server closed a connection that it was to keep");
            }
            const int status =
                take({bytes.data(), static_cast<std::size_t>(n)});
            if (status != 0) {
                return status;
            }
        }
    }

  private:
    void open() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int one = 1;
        if (fd_ < 0 ||
            connect(fd_, reinterpret_cast<sockaddr *>(&address),
                    sizeof(address)) != 0 ||
            setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
            fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) {
            fail_errno("connect");
        }
    }

    int take(std::string_view bytes) {
        if (status_ == 0) {
            head_.append(bytes);
            const std::size_t end = head_.find("\r\n\r\n");
            if (end == std::string::npos) {
                if (head_.size() > kMaxHead) {
                    fail("a head without an end");
                }
                return 0;
            }
            status_ = parse_status();
            body_left_ = parse_length(end);
            bytes = bytes.substr(bytes.size() - (head_.size() - end - 4));
            head_.clear();
        }
        if (bytes.size() > body_left_) {
            fail("more came than was announced");
        }
        body_left_ -= bytes.size();
        return body_left_ == 0 ? std::exchange(status_, 0) : 0;
    }

    [[nodiscard]] int parse_status() const {
        if (!head_.starts_with("HTTP/1.1 ")) {
            fail("not HTTP/1.1: " + head_.substr(0, 40));
        }
        return std::atoi(head_.c_str() + 9);
    }

    [[nodiscard]] std::size_t parse_length(std::size_t end) const {
        constexpr std::string_view kName = "\r\ncontent-length: ";
        const auto found = std::search(
            head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(end),
            kName.begin(), kName.end(),
            [](char a, char b) { return a == b || (a | 0x20) == b; });
        if (found == head_.begin() + static_cast<std::ptrdiff_t>(end)) {
            fail("an answer without Content-Length: " + head_);
        }
        return std::strtoul(&*found + kName.size(), nullptr, 10);
    }

    int port_;
    int fd_ = -1;
    std::string head_;
    int status_ = 0;  // of the answer whose body is being read
    std::size_t body_left_ = 0;
};

// -- the loop -----------------------------------------------------------------

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

class Load {
  public:
    explicit Load(const Options &o)
        : o_(o), requests_(o), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (epoll_ < 0) {
            fail_errno("epoll_create1");
        }
        for (std::size_t i = 0; i < o.connections; i++) {
            connections_.push_back(std::make_unique<Connection>(o.port));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = connections_.back().get();
            if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->fd(),
                          &event) != 0) {
                fail_errno("epoll_ctl");
            }
        }
    }
    Load(const Load &) = delete;
    Load &operator=(const Load &) = delete;
    ~Load() { close(epoll_); }

    void run() {
        start_ = Clock::now();
        for (auto &connection : connections_) {
            send(*connection);
        }
        std::array<epoll_event, 64> events{};
        while (sent_ > answered_) {
            const int n =
                epoll_wait(epoll_, events.data(),
                           static_cast<int>(events.size()), kPatienceMs);
            if (n == 0) {
                fail("no answer");
            }
            for (int i = 0; i < n; i++) {
                answer(*static_cast<Connection *>(
                    events[static_cast<std::size_t>(i)].data.ptr));
            }
        }
        seconds_ = seconds_since(start_);
    }

    void print() const {
        std::printf(
            "{\"requests\": %ld, \"next\": %zu, \"seconds\": %.6f, "
            "\"status\": {",
            answered_, requests_.next(), seconds_);
        const char *comma = "";
        for (const auto &[status, count] : statuses_) {
            std::printf("%s\"%d\": %ld", comma, status, count);
            comma = ", ";
        }
        std::printf("}}\n");
    }

  private:
    void answer(Connection &connection) {
        const int status = connection.receive();
        if (status != 0) {
            statuses_[status]++;
            answered_++;
            send(connection);
        }
    }

    void send(Connection &connection) {
        const bool more = o_.requests > 0 ? sent_ < o_.requests
                                          : seconds_since(start_) < o_.seconds;
        if (more) {
            connection.send(requests_.take());
            sent_++;
        }
    }

    const Options &o_;
    Requests requests_;
    int epoll_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::map<int, long> statuses_;
    Clock::time_point start_;
    long sent_ = 0;
    long answered_ = 0;
    double seconds_ = 0;
};

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        fail_errno("sched_setaffinity");
    }
}

}  // namespace

int main(int argc, char **argv) {
    try {
        const Options options = parse_options(argc, argv);
        if (options.cpu >= 0) {
            pin(options.cpu);
        }
        Load load(options);
        load.run();
        load.print();
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "load: %s\n", e.what());
        return 1;
    }
}
