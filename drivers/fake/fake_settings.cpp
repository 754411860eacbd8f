#include "drivers/fake/fake_settings.h"

#include <charconv>
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
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size() && value >= 0 &&
                      value <= kLongestDelaySeconds;
    return good ? std::optional(value) : std::nullopt;
}

std::string checkDelay(const std::string& value)
{
    constexpr std::string_view kHelp =
        "is no delay: give seconds (\"1.5\") or a range (\"1,3\"), at most 3600";
    return parseDelay(value) ? "" : fmt::format("'{}' {}", value, kHelp);
}

std::string checkFault(const std::string& value)
{
    constexpr std::string_view kHelp =
        "is no fault: give an error code (\"bmc-unreachable\"), with \":N\" for the first N calls";
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
    const std::string_view digits = text.substr(colon + 1);
    long calls = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), calls);
    if (error != std::errc{} || end != digits.data() + digits.size() || calls < 0)
        return std::nullopt;
    return Fault{*code, calls};
}

std::vector<Property> fakeProperties()
{
    return {
        {"fake_power_delay", "seconds that a power call takes, \"1.5\" or a range \"1,3\". Optional.", false,
         false, checkDelay},
        {"fake_power_fault", "error code that power calls fail with, \":N\" for the first N only. Optional.",
         false, false, checkFault},
        {"fake_boot_device_fault", "error code that setting the boot device fails with. Optional.", false,
         false, checkFault},
        {"fake_identify_fault", "error code that identifying the BMC fails with. Optional.", false, false,
         checkFault},
        {"fake_agent_delay",
         "seconds until the simulated agent calls; \"never\": none is simulated. Optional."},
        {"fake_erase_delay", "seconds that erasing the disks takes. Optional."},
        {"fake_erase_fault", "error code that erasing the disks fails with. Optional."},
        {"fake_write_delay", "seconds that writing the image takes. Optional."},
        {"fake_write_fault", "error code that writing the image fails with. Optional."},
        {"fake_capture_delay", "seconds that capturing the disk takes. Optional."},
        {"fake_capture_fault", "error code that capturing the disk fails with. Optional."},
        {"fake_verify_delay", "seconds that verifying the disk takes. Optional."},
        {"fake_verify_fault", "error code that verifying the disk fails with. Optional."},
        {"fake_changed_blocks", "number of blocks that verifying finds changed. Optional."},
        {"fake_step_delay", "seconds that any other step takes. Optional."},
        {"fake_step_fault", "error code that any other step fails with, \"STEP:code\" for one. Optional."},
    };
}

BmcAccess fakeAccess(const NodeAccess& node)
{
    BmcAccess bmc;
    bmc.key = node.uuid;
    bmc.host = "simulated";
    for (const auto& [key, value] : node.driverInfo)
        if (key.starts_with(kFakePrefix))
            bmc.settings[key.substr(kFakePrefix.size())] = value;
    return bmc;
}

void requireGood(const BmcAccess& bmc)
{
    if (bmc.key.empty())
        throw Error(ErrorCode::InvalidInput, "a simulated machine without an identity",
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
