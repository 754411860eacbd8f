#pragma once
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bm::tests {

/// A provisioning network for a test. During its life the calling thread is in a network namespace with the
/// bridge prov0 (10.78.0.1/24); a second namespace holds the machines' end (c0, 10.78.0.50), a third one
/// another server (d0, 10.78.0.2). The namespaces have no names: the kernel removes them with their last
/// process.
class Network {
public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Runs @p argv in the machines' namespace. @throws Error DeadlineExceeded
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
