// Compares a deployed disk with its image; writes nothing.
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/verify_disk.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/disk_choice.h"
#include "conductor/steps/reports.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"
#include "db/repositories/report_repository.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// The image in the node's last deployment report.
json writtenImage(const StepWork& work)
{
    const std::optional<model::NodeReport> report = work.context.database.read(
        [&](db::Transaction& tx) { return db::ReportRepository{}.latest(tx, work.node.id, "deploy"); });
    if (!report)
        throw Error(ErrorCode::NotFound, "no deployment of this node is recorded",
                    "bm verifies only disks that it has deployed");
    return wire::valueOf(report->body).at("image");
}

wire::VerifyDiskArguments verifyArguments(const StepWork& work, const json& written)
{
    model::Image image;
    image.contentId = wire::textMember(written, "content_id");
    image.name = wire::textMember(written, "name");
    image.sizeBytes = written.at("size_bytes").get<std::uint64_t>();
    image.manifestSha256 = wire::textMember(written, "manifest_sha256");
    wire::VerifyDiskArguments arguments{imageOfStore(work, image), diskChoice(work)};
    arguments.image.blocksUrl.reset();
    return arguments;
}

} // namespace

model::StepResult stepCheckVerify(StepWork& work)
{
    const json image = writtenImage(work);
    try {
        storedBlocksRoot(work.context, wire::textMember(image, "content_id"));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            throw;
        throw Error(ErrorCode::NotFound,
                    "the image that was written, " + wire::textMember(image, "name") +
                        ", is no longer in the store",
                    "add the same bytes again: bm image add");
    }
    work.context.database.read([&](db::Transaction& tx) { requireBootPort(tx, work.context, work.node); });
    return model::Done{};
}

model::StepResult stepVerifyDisk(StepWork& work)
{
    const json image = writtenImage(work);
    work.step.bytesTotal = std::max(work.step.bytesTotal, image.at("size_bytes").get<std::int64_t>());
    if (work.step.arguments.text == "{}")
        work.step.arguments = wire::toJson(verifyArguments(work, image));
    const model::StepResult result = agentSideOf(work).awaitReport(work, work.context.settings.writeTimeout);
    if (!std::holds_alternative<model::Done>(result))
        return result;
    const json found = wire::valueOf(work.step.result);
    reportVerification(work, image, found);
    const auto verified = wire::fromJsonValue<wire::VerifyDiskResult>(found, "result");
    work.recordEvent(model::EventKind::DiskVerified,
                     std::to_string(verified.blocksChanged) + " of " + std::to_string(verified.blocks) +
                         " blocks differ from the image",
                     json{{"report", found}}.dump(-1, ' ', false, json::error_handler_t::replace));
    return result;
}

} // namespace bm::conductor
