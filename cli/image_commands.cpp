#include "cli/commands.h"
#include "common/model/error.h"

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct ImageOptions {
    std::string source;
    std::string name;
    std::string checksum;
    std::string image;
    std::vector<std::string> images;
    bool noWait = false;
    std::string tag;
    std::vector<std::string> tags;
    std::string architecture;
    std::string bootMode;
};

bool isUrl(const std::string& source)
{
    return source.starts_with("http://") || source.starts_with("https://");
}

/// One line that is written over on a terminal; elsewhere a line when the phase changes.
class Ticker {
public:
    void tell(const std::string& phase, std::uint64_t done, std::uint64_t total)
    {
        const int percent = total == 0 ? 0 : static_cast<int>(done * 100 / total);
        if (terminal_)
            std::cerr << fmt::format("\r{:<10} {:>3} %  {}\033[K", phase, percent,
                                     humanBytes(static_cast<double>(done)))
                      << std::flush;
        else if (phase != phase_)
            std::cerr << phase << "\n";
        phase_ = phase;
    }
    ~Ticker()
    {
        if (terminal_ && !phase_.empty())
            std::cerr << "\r\033[K" << std::flush;
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::string phase_;
};

json waitUntilReady(Shell& shell, const std::string& id, Ticker& ticker)
{
    while (true) {
        json image = shell.client().get("/v1/images/" + platform::urlEncode(id));
        const std::string state = image.value("state", "");
        if (state == "ready")
            return image;
        if (state == "failed")
            throw Error(
                model::errorCodeFromText(image.at("error").value("code", "")).value_or(ErrorCode::Internal),
                image.at("error").value("message", ""), image.at("error").value("hint", ""));
        ticker.tell("importing", image.value("progress_bytes", std::uint64_t{0}),
                    image.value("progress_total_bytes", std::uint64_t{0}));
        std::this_thread::sleep_for(300ms);
    }
}

json startImport(Shell& shell, const ImageOptions& options, Ticker& ticker)
{
    if (isUrl(options.source)) {
        json body = {{"name", options.name}, {"url", options.source}};
        if (!options.checksum.empty())
            body["checksum"] = options.checksum;
        return shell.client().send("POST", "/v1/images", body);
    }
    if (!std::filesystem::is_regular_file(options.source))
        throw Error(ErrorCode::NotFound, options.source + " is not a file",
                    "give a file, or an http:// or https:// address");
    const std::string query =
        "?name=" + platform::urlEncode(options.name) +
        "&filename=" + platform::urlEncode(std::filesystem::path(options.source).filename().string()) +
        (options.checksum.empty() ? "" : "&checksum=" + platform::urlEncode(options.checksum));
    return shell.client().upload(
        "/v1/images" + query, options.source,
        [&](std::uint64_t done, std::uint64_t total) { ticker.tell("uploading", done, total); });
}

json setTag(Shell& shell, const std::string& tag, const std::string& image)
{
    return shell.client().send("PUT", "/v1/image-tags/" + platform::urlEncode(tag), {{"image", image}});
}

int add(Shell& shell, const ImageOptions& options)
{
    json image;
    {
        Ticker ticker;
        image = startImport(shell, options, ticker);
        if (!options.noWait)
            image = waitUntilReady(shell, image.at("uuid").get<std::string>(), ticker);
    }
    image.erase("links");
    for (const std::string& tag : options.tags)
        setTag(shell, tag, options.name);
    if (!shell.view().table())
        shell.print(image);
    else if (options.noWait)
        std::cout << options.name << ": importing\n";
    else
        std::cout << fmt::format("{}: ready, {} on disk, {} stored\n", options.name,
                                 humanBytes(image.at("size_bytes").get<double>()),
                                 humanBytes(image.at("stored_bytes").get<double>()));
    return 0;
}

int tag(Shell& shell, const ImageOptions& options)
{
    for (const std::string& tag : options.tags) {
        const json set = setTag(shell, tag, options.image);
        std::cout << tag << " is " << set.at("image_name").get<std::string>() << "\n";
    }
    return 0;
}

int untag(Shell& shell, const ImageOptions& options)
{
    for (const std::string& tag : options.tags) {
        shell.client().remove("/v1/image-tags/" + platform::urlEncode(tag));
        std::cout << tag << ": taken away\n";
    }
    return 0;
}

int tags(Shell& shell, const ImageOptions& options)
{
    if (options.tag.empty()) {
        shell.print(shell.client().get("/v1/image-tags").at("image_tags"), {{"TAG", "tag"},
                                                                            {"IMAGE", "image_name"},
                                                                            {"SINCE", "set_at"},
                                                                            {"BY", "actor"},
                                                                            {"UUID", "image_uuid", true}});
        return 0;
    }
    shell.print(shell.client().get("/v1/image-tags/" + platform::urlEncode(options.tag)).at("changes"),
                {{"SINCE", "at"}, {"IMAGE", "image_name"}, {"BY", "actor"}, {"UUID", "image_uuid", true}});
    return 0;
}

int set(Shell& shell, const ImageOptions& options)
{
    json body = json::object();
    if (!options.architecture.empty())
        body["architecture"] = options.architecture;
    if (!options.bootMode.empty())
        body["boot_mode"] = options.bootMode;
    if (body.empty())
        throw Error(ErrorCode::InvalidInput, "nothing to set", "--arch x86_64 or --boot-mode uefi|bios|any");
    json image = shell.client().send("PATCH", "/v1/images/" + platform::urlEncode(options.image), body);
    image.erase("links");
    shell.print(image);
    return 0;
}

int list(Shell& shell)
{
    json images = shell.client().get("/v1/images").at("images");
    if (shell.view().table())
        for (json& image : images) {
            image["size"] = humanBytes(image.value("size_bytes", 0.0));
            image["stored"] = humanBytes(image.value("stored_bytes", 0.0));
        }
    shell.print(images, {{"NAME", "name"},
                         {"STATE", "state"},
                         {"SIZE", "size"},
                         {"STORED", "stored"},
                         {"FORMAT", "source_format"},
                         {"CREATED", "created_at"},
                         {"UUID", "uuid", true},
                         {"SOURCE", "source", true}});
    return 0;
}

int show(Shell& shell, const ImageOptions& options)
{
    json image = shell.client().get("/v1/images/" + platform::urlEncode(options.image));
    image.erase("links");
    shell.print(image);
    return 0;
}

int remove(Shell& shell, const ImageOptions& options)
{
    for (const std::string& image : options.images) {
        shell.client().remove("/v1/images/" + platform::urlEncode(image));
        std::cout << image << ": deleted\n";
    }
    return 0;
}

void addTagCommands(CLI::App& image, Shell& shell, const std::shared_ptr<ImageOptions>& options)
{
    CLI::App* tagging = image.add_subcommand("tag", "Point tags to an image, from wherever they pointed");
    tagging->add_option("image", options->image, "name, tag or uuid")->required();
    tagging->add_option("tags", options->tags, "as web:stable web:2026-11")->required();
    tagging->footer("Example:\n  bm image tag web-20261121 web:2026-11 web:stable");
    tagging->callback(
        [&shell, options] { shell.action = [&shell, options] { return tag(shell, *options); }; });
    CLI::App* untagging = image.add_subcommand("untag", "Take tags away; the images stay");
    untagging->add_option("tags", options->tags, "as web:stable")->required();
    untagging->callback(
        [&shell, options] { shell.action = [&shell, options] { return untag(shell, *options); }; });
    CLI::App* listing = image.add_subcommand("tags", "All tags; or what one pointed to, newest first");
    listing->add_option("tag", options->tag, "as web:stable");
    listing->callback(
        [&shell, options] { shell.action = [&shell, options] { return tags(shell, *options); }; });
    CLI::App* setting =
        image.add_subcommand("set", "Say what machines an image is for; rollouts refuse others");
    setting->add_option("image", options->image, "name, tag or uuid")->required();
    setting->add_option("--arch", options->architecture, "as x86_64 (any: not compared)");
    setting->add_option("--boot-mode", options->bootMode, "uefi, bios or any");
    setting->footer("Example:\n  bm image set web-20261121 --arch x86_64 --boot-mode uefi");
    setting->callback(
        [&shell, options] { shell.action = [&shell, options] { return set(shell, *options); }; });
}

} // namespace

void addImageCommands(CLI::App& app, Shell& shell)
{
    CLI::App* image = app.add_subcommand("image", "Disk images: add, list, show, delete");
    image->require_subcommand(1);
    image->fallthrough();
    const auto options = std::make_shared<ImageOptions>();
    CLI::App* adding =
        image->add_subcommand("add", "Take a raw or qcow2 disk image in (plain, gz, xz, bz2, zst)");
    adding->add_option("source", options->source, "file or http(s) address")->required();
    adding->add_option("--name", options->name, "what it is called from now on")->required();
    adding->add_option("--checksum", options->checksum, "of the source: sha256:HEX or sha512:HEX");
    adding->add_flag("--no-wait", options->noWait, "return while it is being imported");
    adding->add_option("--tag", options->tags, "point this tag to it: web:2026-11 (may be repeated)");
    adding->footer(
        "Example:\n  bm image add debian-12-generic-amd64.qcow2 --name debian-12 --tag debian:stable");
    adding->callback(
        [&shell, options] { shell.action = [&shell, options] { return add(shell, *options); }; });
    CLI::App* listing = image->add_subcommand("list", "All images");
    listing->callback([&shell] { shell.action = [&shell] { return list(shell); }; });
    listing->footer("Example:\n  bm image list --sort name");
    CLI::App* showing = image->add_subcommand("show", "Everything about one image");
    showing->add_option("image", options->image, "name or uuid")->required();
    showing->footer("Example:\n  bm image show debian-12");
    showing->callback(
        [&shell, options] { shell.action = [&shell, options] { return show(shell, *options); }; });
    addTagCommands(*image, shell, options);
    CLI::App* removing = image->add_subcommand("delete", "Remove images that no deployment is using");
    removing->add_option("images", options->images, "names or uuids")->required();
    removing->footer("Example:\n  bm image delete debian-11");
    removing->callback(
        [&shell, options] { shell.action = [&shell, options] { return remove(shell, *options); }; });
}

} // namespace bm::cli
