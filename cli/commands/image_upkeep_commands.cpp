// `bm image verify` finds damaged images, `bm image prune` removes old ones.
#include "cli/client/image_labels.h"
#include "cli/commands/image_subcommands.h"
#include "cli/views/image_ticker.h"
#include "common/model/duration.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <iostream>
#include <optional>
#include <thread>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct UpkeepOptions {
    std::vector<std::string> images;
    bool all = false;
    std::vector<std::string> labels;
    std::string prefix;
    std::string by;
    std::optional<int> keepLast;
    std::string olderThan;
    bool dryRun = false;
};

std::string pathOf(const std::string& image)
{
    return "/v1/images/" + platform::urlEncode(image);
}

/// @return true if the image is intact
bool verifyOne(Shell& shell, const std::string& name)
{
    const json before = shell.client().get(pathOf(name));
    json image = shell.client().send("POST", pathOf(name) + "/verify", nullptr);
    const std::string id = image.at("uuid").get<std::string>();
    {
        ImageTicker ticker;
        while (image.at("verified_at") == before.at("verified_at") && image.at("error").is_null()) {
            ticker.show(name, image.value("progress_bytes", std::uint64_t{0}),
                        image.value("progress_total_bytes", std::uint64_t{0}));
            std::this_thread::sleep_for(200ms);
            image = shell.client().get(pathOf(id));
        }
    }
    const bool whole = image.value("state", "") == "ready" && image.at("error").is_null();
    if (whole)
        std::cout << fmt::format("{}: intact, {} read\n", name, humanBytes(image.value("stored_bytes", 0.0)));
    else
        std::cout << fmt::format("{}: {}: {}\n  {}\n", name,
                                 image.value("state", "") == "broken" ? "BROKEN" : "not verified",
                                 image.at("error").value("message", ""), image.at("error").value("hint", ""));
    return whole;
}

int verify(Shell& shell, const UpkeepOptions& options)
{
    std::vector<std::string> names = options.images;
    if (options.all == !names.empty())
        throw Error(ErrorCode::InvalidInput, "no image named",
                    "name images (bm image verify NAME...) or pass --all");
    const json known = options.all ? shell.client().get("/v1/images") : json{{"images", json::array()}};
    for (const json& image : known.at("images"))
        if (image.value("state", "") == "ready" || image.value("state", "") == "broken")
            names.push_back(image.at("name").get<std::string>());
    std::size_t broken = 0;
    for (const std::string& name : names)
        broken += verifyOne(shell, name) ? 0U : 1U;
    if (names.size() > 1)
        std::cout << fmt::format("{} images, {} broken\n", names.size(), broken);
    return broken == 0 ? 0 : 1;
}

json ruleOf(const UpkeepOptions& options)
{
    json body = {{"dry_run", options.dryRun}, {"prefix", options.prefix}, {"group_by", options.by}};
    for (const std::string& text : options.labels) {
        const auto [name, value] = splitLabel(text);
        body["labels"][name] = value;
    }
    if (options.keepLast)
        body["keep_last"] = *options.keepLast;
    if (!options.olderThan.empty())
        body["older_than_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(
                                         model::requireDuration(options.olderThan, "--older-than"))
                                         .count();
    return body;
}

int prune(Shell& shell, const UpkeepOptions& options)
{
    json result = shell.client().send("POST", "/v1/image-prune", ruleOf(options));
    if (!shell.view().table()) {
        shell.print(result);
        return 0;
    }
    double freed = 0;
    const std::string gone = options.dryRun ? "would be removed" : "removed";
    for (json& image : result.at("images")) {
        freed += image.at("removed").get<bool>() ? image.at("stored_bytes").get<double>() : 0;
        image["verdict"] = image.at("removed").get<bool>() ? gone : "stays";
        image["stored"] = humanBytes(image.at("stored_bytes").get<double>());
    }
    shell.print(result.at("images"), {{"NAME", "name"},
                                      {"VERDICT", "verdict"},
                                      {"WHY", "reason"},
                                      {"STORED", "stored"},
                                      {"CREATED", "created_at"}});
    std::cout << fmt::format("{} of images {}; {} unreferenced objects of the store {}\n", humanBytes(freed),
                             gone, result.at("objects_removed").get<std::size_t>(), gone);
    return 0;
}

} // namespace

void addImageUpkeepCommands(CLI::App& image, Shell& shell)
{
    const auto options = std::make_shared<UpkeepOptions>();
    CLI::App* verifying = image.add_subcommand(
        "verify", "Read every byte of images and compare the checksums; exit code 1 when one is broken");
    verifying->add_option("images", options->images, "names, tags or uuids");
    verifying->add_flag("--all", options->all, "every image");
    verifying->footer("Example:\n  bm image verify --all");
    verifying->callback(
        [&shell, options] { shell.action = [&shell, options] { return verify(shell, *options); }; });

    CLI::App* pruning =
        image.add_subcommand("prune", "Delete old images that no node, tag, schedule or rollout uses");
    pruning->add_option("--label", options->labels,
                        "only images with this label: os=debian (may be repeated)");
    pruning->add_option("--prefix", options->prefix, "only images whose names have this prefix");
    pruning->add_option("--by", options->by, "apply --keep-last to each value of this label separately");
    pruning->add_option("--keep-last", options->keepLast, "number of newest images to keep");
    pruning->add_option("--older-than", options->olderThan, "only images older than this: 30d, 12h");
    pruning->add_flag("--dry-run", options->dryRun,
                      "only print which images would be deleted, and why the others are kept");
    pruning->footer("Example:\n  bm image prune --prefix web- --keep-last 3 --older-than 30d --dry-run");
    pruning->callback(
        [&shell, options] { shell.action = [&shell, options] { return prune(shell, *options); }; });
}

} // namespace bm::cli
