#include "tests/drivers/http_power/http_power.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"

#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::test {

using drivers::BmcAccess;
using drivers::BootRequest;
using model::Deadline;
using model::Error;
using model::ErrorCode;
using model::PowerState;
using nlohmann::json;

namespace {

std::string checkUrl(const std::string& text)
{
    return text.starts_with("http://") ? "" : fmt::format("'{}' is not an http URL", text);
}

BmcAccess accessOf(const drivers::NodeAccess& node)
{
    BmcAccess bmc;
    bmc.key = bmc.host = node.driverInfo.at("http_power_url");
    bmc.password = drivers::valueOr(node.driverInfo, "http_power_token", "");
    return bmc;
}

void requireUrl(const BmcAccess& bmc)
{
    if (const std::string wrong = checkUrl(bmc.host); !wrong.empty())
        throw Error(ErrorCode::InvalidInput, "http_power_url: " + wrong, "correct the node's driver_info");
}

void requireTime(const BmcAccess& bmc, const Deadline& deadline)
{
    if (deadline.stop.stop_requested())
        throw Error(ErrorCode::Aborted, "stopped before asking BMC " + bmc.key);
    if (deadline.over())
        throw Error(ErrorCode::DeadlineExceeded, "no time left to ask BMC " + bmc.key);
}

/// Sends @p method to @p path of the BMC. @throws Error as PowerDriver
json ask(const BmcAccess& bmc, const std::string& method, const std::string& path, const json& body,
         const Deadline& deadline)
{
    requireUrl(bmc);
    requireTime(bmc, deadline);
    platform::HttpRequest request{platform::Reach::fixed()};
    request.method = method;
    request.url = bmc.host + path;
    request.headers = {{"Authorization", "Bearer " + bmc.password.text()}};
    request.body = body.is_null() ? "" : body.dump();
    platform::HttpResponse answer;
    try {
        answer = platform::HttpClient().send(request, deadline);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Unavailable)
            throw;
        throw Error(ErrorCode::BmcUnreachable, fmt::format("BMC {}: {}", bmc.key, error.message()));
    }
    constexpr int kUnauthorized = 401, kOk = 200;
    if (answer.status == kUnauthorized)
        throw Error(ErrorCode::BmcAuthFailed, "BMC " + bmc.key + " refuses the token");
    if (answer.status != kOk)
        throw Error(ErrorCode::BmcRejected, fmt::format("BMC {} answers {}", bmc.key, answer.status));
    json parsed = json::parse(answer.body, nullptr, false);
    if (!parsed.is_object())
        throw Error(ErrorCode::BmcBadReply, "BMC " + bmc.key + " answers with no JSON object");
    return parsed;
}

class HttpPower final : public drivers::PowerDriver {
public:
    std::string_view name() const noexcept override { return "http-power"; }
    void validate(const BmcAccess& bmc) const override { requireUrl(bmc); }

    std::vector<drivers::PowerReading> readPower(std::span<const BmcAccess> bmcs,
                                                 const Deadline& deadline) override
    {
        std::vector<drivers::PowerReading> readings;
        for (const BmcAccess& bmc : bmcs)
            readings.push_back(readOne(bmc, deadline));
        return readings;
    }
    void setPower(const BmcAccess& bmc, model::PowerAction action, const Deadline& deadline) override
    {
        ask(bmc, "POST", "/power", {{"action", model::toText(action)}}, deadline);
    }

private:
    static drivers::PowerReading readOne(const BmcAccess& bmc, const Deadline& deadline)
    {
        try {
            const bool on = ask(bmc, "GET", "/power", {}, deadline).value("power", "") == "on";
            return {on ? PowerState::On : PowerState::Off, {}};
        } catch (const Error& error) {
            return {PowerState::Unknown, error};
        }
    }
};

class HttpBoot final : public drivers::BootControl {
public:
    std::vector<model::BootDevice> supportedDevices() const override
    {
        return {model::BootDevice::Pxe, model::BootDevice::Disk};
    }
    void setBootDevice(const BmcAccess& bmc, const BootRequest& request, const Deadline& deadline) override
    {
        ask(bmc, "POST", "/boot",
            {{"device", model::toText(request.device)}, {"persistent", request.persistent}}, deadline);
    }
    std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const Deadline& deadline) override
    {
        const json answer = ask(bmc, "GET", "/boot", {}, deadline);
        const auto device = model::bootDeviceFromText(answer.value("device", ""));
        if (!device)
            return std::nullopt;
        return BootRequest{*device, answer.value("persistent", false), false};
    }
};

} // namespace

drivers::HardwareType makeHttpPower()
{
    return {"http-power",
            "http_power_",
            {{"http_power_url", "URL of the BMC. Required.", true, false, checkUrl},
             {"http_power_token", "token of the BMC. Optional.", false, true}},
            {{"power", "http-power", {.power = std::make_shared<HttpPower>()}},
             {"management", "http-power", {.boot = std::make_shared<HttpBoot>()}},
             {"boot", "ipxe"},
             {"deploy", "direct"},
             {"inspect", "agent"},
             {"raid", "no-raid"},
             {"rescue", "agent"},
             {"bios", "no-bios"},
             {"console", "no-console"},
             {"firmware", "no-firmware"},
             {"vendor", "no-vendor"}},
            accessOf};
}

} // namespace bm::test
