#pragma once
#include "common/platform/files.h"
#include "common/platform/supervisor.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bm::test {

/// A real `ipmi_sim` (OpenIPMI) on a free UDP port of 127.0.0.1, with a chassis_control program that stores
/// the power state in a file. User ADMIN, password "sim-password". The destructor ends it.
class IpmiSimulator {
public:
    IpmiSimulator();
    std::uint16_t port() const { return port_; }
    /// The requests to the chassis_control program, one line each: "set power 1".
    std::string calls() const;

private:
    void write(const std::string& name, const std::string& text, unsigned mode = 0644) const;
    platform::TemporaryFolder folder_{"bm-ipmi-sim"};
    std::uint16_t port_;
    std::optional<platform::Supervisor> program_{};
};

} // namespace bm::test
