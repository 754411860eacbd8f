#pragma once
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bm::tests {

/// A provisioning network of this test's: while it lives, the calling thread is in a network namespace with
/// the bridge prov0 (10.78.0.1/24); a second namespace holds the machines' end (c0, 10.78.0.50), a third one
/// another server (d0, 10.78.0.2). The namespaces have no names, so the kernel removes them with the last
/// process inside, come what may.
class Network {
public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Runs @p argv where the machines are. @throws Error DeadlineExceeded
    platform::Exit onMachines(std::vector<std::string> argv) const;
    platform::Exit onServer(std::vector<std::string> argv) const;
    int otherServer() const { return other_.get(); } ///< its namespace, for setns
    static void enter(int networkNamespace);

private:
    platform::Fd before_;
    platform::Fd machines_;
    platform::Fd other_;
};

/// Waits until @p condition holds, 20 s at most.
bool within(const std::function<bool()>& condition, std::chrono::seconds limit = std::chrono::seconds{20});
/// Processes whose command line holds @p part. Zombies have none.
std::vector<int> processesWith(const std::string& part);

} // namespace bm::tests
