#include "conductor/steps/written_disk.h"

#include "conductor/core/json_values.h"
#include "conductor/steps/reports.h"
#include "conductor/steps/simulated_agent.h"
#include "conductor/steps/step_support.h"

#include <algorithm>

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr unsigned kFirstDrive = 0x80;
constexpr unsigned kLastDrive = 0xff;

std::string joined(const json& texts)
{
    std::string out;
    for (const json& text : texts)
        if (text.is_string())
            out += (out.empty() ? "" : ", ") + text.get<std::string>();
    return out;
}

json listOf(const json& object, const char* name)
{
    return object.contains(name) && object.at(name).is_array() ? object.at(name) : json::array();
}

void noteBoot(StepWork& work, const json& boot)
{
    const std::string details = json{{"boot", boot}}.dump(-1, ' ', false, json::error_handler_t::replace);
    if (const std::string trouble = textMember(boot, "trouble"); !trouble.empty()) {
        work.event("boot.trouble", trouble, details);
        return;
    }
    const std::string entries = joined(listOf(boot, "entries"));
    if (entries.empty())
        return;
    const std::string removed = joined(listOf(boot, "removed"));
    work.event("boot.entry",
               "firmware starts " + entries + " (" + joined(listOf(boot, "loaders")) + ")" +
                   (removed.empty() ? "" : "; removed: " + removed),
               details);
}

void rememberWritten(StepWork& work, const json& report)
{
    const json boot = report.contains("boot") && report.at("boot").is_object() ? report.at("boot") : json();
    work.changeNode([disk = report.value("disk", json()), boot](model::Node& node) {
        json internal = valueOf(node.driverInternalInfo);
        if (!disk.is_null())
            internal["deployed_disk"] = disk;
        internal.erase("boot");
        if (!boot.is_null())
            internal["boot"] = boot;
        node.driverInternalInfo = textOf(internal);
    });
    if (!boot.is_null())
        noteBoot(work, boot);
}

} // namespace

model::StepResult copyImage(StepWork& work, const Copy& copy)
{
    const model::Image image = imageOf(work);
    work.step.bytesTotal = std::max(work.step.bytesTotal, copy.bytes(image));
    if (work.step.arguments.text == "{}")
        work.step.arguments = textOf(copy.arguments(work, image));
    const model::StepResult result =
        isSimulated(work) ? simulateWrite(work) : awaitReport(work, work.context.settings.writeTimeout);
    if (!std::holds_alternative<model::Done>(result))
        return result;
    const json report = valueOf(work.step.result);
    reportDeployment(work, image, report);
    rememberWritten(work, report);
    work.event(copy.event, image.name + " is on the disk and read back",
               json{{"report", report}}.dump(-1, ' ', false, json::error_handler_t::replace));
    return result;
}

unsigned biosDriveOf(const model::Node& node)
{
    const json internal = valueOf(node.driverInternalInfo);
    const json boot = internal.value("boot", json::object());
    if (!boot.is_object() || !boot.contains("drive") || !boot.at("drive").is_number_unsigned())
        return kFirstDrive;
    const auto drive = boot.at("drive").get<unsigned>();
    return drive >= kFirstDrive && drive <= kLastDrive ? drive : kFirstDrive;
}

} // namespace bm::conductor
