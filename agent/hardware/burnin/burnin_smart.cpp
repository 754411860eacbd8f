// SMART: the health that disks report, and their short self-test.
#include "agent/base/stop_wait.h"
#include "agent/hardware/burnin/burnin_disk.h"
#include "common/text/bytes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kAsking = 1min;

/// Null when the text is not JSON.
json parsedOrNull(std::string_view text)
{
    json parsed = json::parse(text, nullptr, false);
    return parsed.is_object() ? parsed : json(nullptr);
}

/// Null when it is missing.
json at(const json& object, const char* pointer)
{
    const json::json_pointer path(pointer);
    return object.contains(path) ? object.at(path) : json(nullptr);
}

/// One disk.
class SelfTest {
public:
    SelfTest(std::string disk, bool nvme, platform::Exec& exec, const std::stop_token& stop)
        : disk_(std::move(disk)), nvme_(nvme), exec_(exec), stop_(stop)
    {}

    std::string health() { return parseSmartHealth(run({"smartctl", "--json", "--health", disk_}).out); }
    /// @return true if the disk started it
    bool begin()
    {
        if (poll() == SelfTestState::Running)
            return true; // the result of an earlier run
        const platform::Exit exit = nvme_ ? run({"nvme", "device-self-test", disk_, "--self-test-code", "1"})
                                          : run({"smartctl", "--json", "--test=short", disk_});
        return exit.code == 0 && poll() != SelfTestState::Unsupported;
    }
    SelfTestState poll()
    {
        return nvme_
                   ? parseNvmeSelfTest(run({"nvme", "self-test-log", disk_, "--output-format", "binary"}).out)
                   : parseAtaSelfTest(run({"smartctl", "--json", "--capabilities", disk_}).out);
    }

private:
    platform::Exit run(std::vector<std::string> argv)
    {
        return exec_.run({std::move(argv)}, Deadline::in(kAsking, stop_));
    }

    std::string disk_;
    bool nvme_;
    platform::Exec& exec_;
    const std::stop_token& stop_;
};

std::string awaitEnd(SelfTest& test, const SmartSettings& settings, const std::stop_token& stop)
{
    const Deadline deadline = Deadline::in(settings.span, stop);
    SelfTestState state = SelfTestState::Running;
    while (state == SelfTestState::Running && !deadline.over()) {
        waitUnlessStopped(std::min(settings.poll, deadline.left()), stop);
        state = test.poll();
    }
    throwIfStopped(stop);
    switch (state) {
    case SelfTestState::Passed:
        return "passed";
    case SelfTestState::Failed:
        return "failed";
    case SelfTestState::Running:
        return "unfinished";
    case SelfTestState::Unsupported:
        break;
    }
    return {};
}

} // namespace

std::string parseSmartHealth(std::string_view text)
{
    const json passed = at(parsedOrNull(text), "/smart_status/passed");
    if (!passed.is_boolean())
        return {};
    return passed.get<bool>() ? "passed" : "failed";
}

SelfTestState parseAtaSelfTest(std::string_view text)
{
    // ACS-3, A.5.2.3: the upper half says how the last test ended, the lower one how much is left of it.
    const json value = at(parsedOrNull(text), "/ata_smart_data/self_test/status/value");
    constexpr unsigned kRunning = 15;
    constexpr unsigned kAborted = 1; // aborted by the host or a reset, which is no fault of the disk
    constexpr unsigned kInterrupted = 2;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 0xff)
        return SelfTestState::Unsupported;
    const unsigned how = value.get<unsigned>() >> 4U;
    if (how == kRunning)
        return SelfTestState::Running;
    return how == 0                                 ? SelfTestState::Passed
           : how == kAborted || how == kInterrupted ? SelfTestState::Unsupported
                                                    : SelfTestState::Failed;
}

SelfTestState parseNvmeSelfTest(std::string_view text)
{
    constexpr std::size_t kNewest = 4; // the head is 4 bytes, each result 28
    constexpr unsigned kNotUsed = 15;
    constexpr unsigned kFirstFailure = 5; // 1 to 4: aborted by a command, a reset, a namespace, a format
    if (text.size() <= kNewest)
        return SelfTestState::Unsupported;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
    if ((text::littleEndian<std::uint8_t>(bytes, 0) & 0xfU) != 0)
        return SelfTestState::Running;
    const unsigned result = text::littleEndian<std::uint8_t>(bytes, kNewest) & 0xfU;
    if (result == kNotUsed)
        return SelfTestState::Unsupported;
    if (result == 0)
        return SelfTestState::Passed;
    return result >= kFirstFailure && result <= 7 ? SelfTestState::Failed : SelfTestState::Unsupported;
}

SmartOutcome checkSmart(const std::string& disk, const std::string& bus, const SmartSettings& settings,
                        platform::Exec& exec, const std::stop_token& stop)
{
    SelfTest test(disk, bus == "nvme", exec, stop);
    SmartOutcome out;
    out.health = test.health();
    if (test.begin())
        out.selfTest = awaitEnd(test, settings, stop);
    if (out.selfTest.empty())
        out.detail = "bm knows no self-test of this disk";
    if (out.selfTest == "failed" || out.health == "failed")
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("{} reports a failure: health {}, self-test {}", disk,
                                out.health.empty() ? "unknown" : out.health,
                                out.selfTest.empty() ? "not done" : out.selfTest),
                    "replace the disk; smartctl --xall shows more");
    return out;
}

} // namespace bm::agent
