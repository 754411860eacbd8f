#include "conductor/steps/image_copy_step.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/disk_parts.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/reports.h"
#include "conductor/steps/step_support.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr unsigned kFirstDrive = 0x80;
constexpr unsigned kLastDrive = 0xff;

std::string joined(const std::optional<std::vector<std::string>>& texts)
{
    return texts ? fmt::format("{}", fmt::join(*texts, ", ")) : "";
}

void recordBoot(StepWork& work, const wire::BootReport& boot)
{
    const std::string details = wire::canonical({{"boot", wire::toJsonValue(boot)}}).text;
    if (!boot.trouble.empty()) {
        work.recordEvent(model::EventKind::BootTrouble, boot.trouble, details);
        return;
    }
    const std::string entries = joined(boot.entries);
    if (entries.empty())
        return;
    const std::string removed = joined(boot.removed);
    work.recordEvent(model::EventKind::BootEntry,
                     "firmware starts " + entries + " (" + joined(boot.loaders) + ")" +
                         (removed.empty() ? "" : "; removed: " + removed),
                     details);
}

void rememberWritten(StepWork& work, const json& report)
{
    const auto written = wire::fromJsonValue<wire::WrittenDisks>(report, "result");
    work.changeNode([written](model::Node& node) {
        json internal = wire::valueOf(node.driverInternalInfo);
        if (written.disk)
            internal["deployed_disk"] = wire::toJsonValue(*written.disk);
        internal.erase("boot");
        if (written.boot)
            internal["boot"] = wire::toJsonValue(*written.boot);
        node.driverInternalInfo = wire::canonical(internal);
    });
    if (written.boot)
        recordBoot(work, *written.boot);
}

} // namespace

model::StepResult copyImage(StepWork& work, const Copy& copy)
{
    const model::Image image = imageOf(work);
    work.step.bytesTotal = std::max(work.step.bytesTotal, copy.bytes(image));
    if (work.step.arguments.text == "{}")
        work.step.arguments = copy.arguments(work, image);
    const model::StepResult result = agentSideOf(work).awaitReport(work, work.context.settings.writeTimeout);
    if (!std::holds_alternative<model::Done>(result))
        return result;
    const json report = wire::valueOf(work.step.result);
    reportDeployment(work, image, report);
    rememberWritten(work, report);
    work.recordEvent(copy.event, image.name + " is on the disk and read back",
                     wire::canonical({{"report", report}}).text);
    return result;
}

unsigned biosDriveOf(const model::Node& node)
{
    const json internal = wire::valueOf(node.driverInternalInfo);
    if (!internal.contains("boot"))
        return kFirstDrive;
    const std::uint64_t drive =
        wire::fromJsonValue<wire::BootReport>(internal.at("boot"), "boot").drive.value_or(kFirstDrive);
    return drive >= kFirstDrive && drive <= kLastDrive ? static_cast<unsigned>(drive) : kFirstDrive;
}

} // namespace bm::conductor
