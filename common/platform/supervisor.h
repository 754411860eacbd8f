#pragma once
#include "common/platform/exec.h"

#include <functional>
#include <memory>
#include <string>

namespace bm::platform {

/// A program that runs as long as bmd does (in.tftpd, dnsmasq).
struct Service {
    std::string name; ///< for logs: "dnsmasq"
    Command command;
    std::function<void(const std::string& line)>
        onLine{};                    ///< each line of stdout and stderr, on the supervisor's thread
    std::function<void()> inChild{}; ///< runs between fork and exec, before the capabilities go (private
                                     ///< mounts); async-signal-safe calls only
};

/// Keeps one Service running: restarts it with back-off (1 s, doubling to 60 s, reset after a minute of
/// life). The destructor ends it by SIGTERM, then SIGKILL; the kernel kills it when bmd dies
/// (PR_SET_PDEATHSIG on a lasting thread).
class Supervisor {
public:
    explicit Supervisor(Service service);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;
    void start();
    void stop();
    /// Sends @p signal to the child if one runs (HUP: dnsmasq reads its hosts again).
    void signal(int signal);
    bool running() const;
    int restarts() const;
    /// The child's process id, 0 when none runs.
    int pid() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::platform
