#include "drivers/fake/fake_settings.h"

#include "common/text/text.h"

#include <string>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kFakePrefix = "fake_";
constexpr double kLongestDelaySeconds = 3600;

std::optional<double> seconds(std::string_view text)
{
    const std::optional<double> value = text::parseNumber<double>(text);
    return value && *value >= 0 && *value <= kLongestDelaySeconds ? value : std::nullopt;
}

std::string checkDelay(const std::string& value)
{
    constexpr std::string_view kHelp =
        "is not a delay: use seconds (\"1.5\") or a range (\"1,3\"), at most 3600";
    return parseDelay(value) ? "" : fmt::format("'{}' {}", value, kHelp);
}

std::string checkFault(const std::string& value)
{
    constexpr std::string_view kHelp =
        "is not a fault: use an error code (\"bmc-unreachable\"), with \":N\" for the first N calls";
    return parseFault(value) ? "" : fmt::format("'{}' {}", value, kHelp);
}

} // namespace

std::optional<DelayRange> parseDelay(std::string_view text)
{
    const std::size_t comma = text.find(',');
    const std::optional<double> low = seconds(text.substr(0, comma));
    const std::optional<double> high =
        comma == std::string_view::npos ? low : seconds(text.substr(comma + 1));
    if (!low || !high || *low > *high)
        return std::nullopt;
    return DelayRange{*low, *high};
}

std::optional<Fault> parseFault(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const std::optional<ErrorCode> code = model::errorCodeFromText(text.substr(0, colon));
    if (!code)
        return std::nullopt;
    if (colon == std::string_view::npos)
        return Fault{*code, std::nullopt};
    const std::optional<long> calls = text::parseNumber<long>(text.substr(colon + 1));
    return calls && *calls >= 0 ? std::optional(Fault{*code, calls}) : std::nullopt;
}

std::vector<Property> fakeProperties()
{
    return {
        {"fake_power_delay", "duration of a power call in seconds, \"1.5\" or a range \"1,3\". Optional.",
         false, false, checkDelay},
        {"fake_power_fault", "error code of power calls; \":N\" for the first N calls only. Optional.", false,
         false, checkFault},
        {"fake_boot_device_fault", "error code of setting the boot device. Optional.", false, false,
         checkFault},
        {"fake_identify_fault", "error code of identifying the BMC. Optional.", false, false, checkFault},
        {"fake_agent_delay", "seconds until the simulated agent calls; \"never\": no agent. Optional."},
        {"fake_erase_delay", "seconds of erasing the disks. Optional."},
        {"fake_erase_fault", "error code of erasing the disks. Optional."},
        {"fake_write_delay", "seconds of writing the image. Optional."},
        {"fake_write_fault", "error code of writing the image. Optional."},
        {"fake_capture_delay", "seconds of capturing the disk. Optional."},
        {"fake_capture_fault", "error code of capturing the disk. Optional."},
        {"fake_verify_delay", "seconds of verifying the disk. Optional."},
        {"fake_verify_fault", "error code of verifying the disk. Optional."},
        {"fake_changed_blocks", "number of changed blocks that a verification reports. Optional."},
        {"fake_step_delay", "seconds of every other step. Optional."},
        {"fake_step_fault", "error code of every other step, or \"STEP:code\" for one step. Optional."},
    };
}

BmcAccess fakeAccess(const NodeAccess& node)
{
    BmcAccess bmc;
    bmc.key = node.uuid;
    bmc.host = "simulated";
    bmc.vendor = node.vendor;
    for (const auto& [key, value] : node.driverInfo)
        if (key.starts_with(kFakePrefix))
            bmc.settings[key.substr(kFakePrefix.size())] = value;
    return bmc;
}

void requireGood(const BmcAccess& bmc)
{
    if (bmc.key.empty())
        throw Error(ErrorCode::InvalidInput, "a simulated machine has no identity",
                    "correct the node's driver_info");
    for (const Property& property : fakeProperties()) {
        const auto given = bmc.settings.find(property.key.substr(kFakePrefix.size()));
        const std::string wrong =
            given == bmc.settings.end() || property.check == nullptr ? "" : property.check(given->second);
        if (!wrong.empty())
            throw Error(ErrorCode::InvalidInput, fmt::format("{}: {}", property.key, wrong),
                        "correct the node's driver_info");
    }
}

std::chrono::milliseconds stepDelay(const BmcAccess& bmc)
{
    const std::string text = valueOr(bmc.settings, "step_delay", "0");
    const std::optional<double> delay = seconds(text);
    if (!delay)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("driver_info/fake_step_delay: expected seconds, got \"{}\"", text));
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(*delay * 1000));
}

void throwStepFault(const BmcAccess& bmc, std::string_view step)
{
    const std::string fault = valueOr(bmc.settings, "step_fault", "");
    const std::size_t colon = fault.find(':');
    if (fault.empty() || (colon != std::string::npos && fault.substr(0, colon) != step))
        return;
    const std::string code = colon == std::string::npos ? fault : fault.substr(colon + 1);
    throw Error(model::errorCodeFromText(code).value_or(ErrorCode::BmcRejected),
                "simulated fault (driver_info/fake_step_fault)",
                "clear it: bm node set NODE driver_info/fake_step_fault=");
}

} // namespace bm::drivers
