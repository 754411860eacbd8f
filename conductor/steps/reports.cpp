#include "conductor/steps/reports.h"

#include "common/platform/files.h"
#include "common/text/text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "db/repositories/report_repository.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/blocks/merkle.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kManifestLimit = std::size_t{1} << 30U;

json imageOf(const model::Image& image)
{
    return {{"content_id", image.contentId},
            {"name", image.name},
            {"kind", model::toText(image.kind)},
            {"manifest_sha256", image.manifestSha256},
            {"size_bytes", image.sizeBytes}};
}

void store(StepWork& work, const std::string& kind, json body)
{
    const Context& context = work.context;
    body["report"] = 1; // the version of this form
    body["kind"] = kind;
    body["node"] = work.node.id.uuid;
    body["operation"] = work.operation.id.uuid;
    body["conductor"] = context.settings.conductorName;
    body["begun_at_ms"] = model::toMillis(work.step.startedAt.value_or(context.clock.now()));
    body["ended_at_ms"] = model::toMillis(context.clock.now());
    model::NodeReport report;
    report.node = work.node.id;
    report.operation = work.operation.id;
    report.kind = kind;
    report.createdAt = context.clock.now();
    report.body = wire::canonical(body);
    report.signature = context.signer.sign(report.body.text);
    report.publicKey = context.signer.publicKey();
    work.writes.emplace_back([report](db::Transaction& tx) { db::ReportRepository{}.append(tx, report); });
}

/// "" when the manifest is not on this machine.
std::string rootIfStored(const Context& context, const std::string& contentId)
{
    try {
        return storedBlocksRoot(context, contentId);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            throw;
        return {};
    }
}

} // namespace

std::string storedBlocksRoot(const Context& context, const std::string& contentId)
{
    const std::string text = platform::readFile(context.images.manifestFile(contentId), kManifestLimit);
    return text::toHex(images::blocksRoot(images::parseManifest(std::as_bytes(std::span(text)))));
}

void reportDeployment(StepWork& work, const model::Image& image, const json& result)
{
    json body = result;
    body.erase("reported");
    const std::string root = rootIfStored(work.context, image.contentId);
    if (const std::string found = wire::textMember(result, "blocks_root");
        !found.empty() && !root.empty() && found != root)
        throw Error(ErrorCode::ChecksumMismatch,
                    "the agent read back an image whose blocks have the root " + found + ", " + image.name +
                        " has " + root,
                    "the RAM disk or a cache before the image server gave other blocks: deploy again");
    body["image"] = imageOf(image);
    store(work, "deploy", std::move(body));
}

void reportVerification(StepWork& work, const json& image, const json& result)
{
    json body = result;
    body.erase("reported");
    body["image"] = image;
    store(work, "verify", std::move(body));
}

std::string_view verdictOn(const Context& context, const model::NodeReport& report)
{
    if (report.publicKey != context.signer.publicKey())
        return "foreign";
    return platform::verifySignature(report.publicKey, report.body.text, report.signature) ? "valid"
                                                                                           : "changed";
}

} // namespace bm::conductor
