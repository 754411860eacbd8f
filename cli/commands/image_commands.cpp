#include "cli/client/boot_pair.h"
#include "cli/client/image_labels.h"
#include "cli/commands/commands.h"
#include "cli/commands/image_subcommands.h"
#include "cli/views/image_ticker.h"
#include "common/model/error.h"
#include "common/model/image.h"

#include <chrono>
#include <filesystem>
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

struct ImageOptions {
    std::string source;
    std::string name;
    std::string checksum;
    std::string kind;
    std::string kernel;
    std::string initrd;
    std::optional<std::string> kernelArguments{};
    std::string image;
    std::vector<std::string> images;
    bool noWait = false;
    std::string tag;
    std::vector<std::string> tags;
    std::string architecture;
    std::string bootMode;
    std::vector<std::string> labels;
    std::vector<std::string> unlabel;
    std::string visibility;
    std::optional<std::string> owner{};
};

bool isUrl(const std::string& source)
{
    return source.find("://") != std::string::npos;
}

void addSharing(json& body, const ImageOptions& options)
{
    if (options.owner)
        body["owner"] = *options.owner;
    if (!options.visibility.empty())
        body["visibility"] = options.visibility;
}

void addSharingOptions(CLI::App& command, const std::shared_ptr<ImageOptions>& options)
{
    command.add_option_function<std::string>( // an optional's option drops ""
        "--owner", [options](const std::string& owner) { options->owner = owner; },
        "project that owns the image; \"\": the system");
    command
        .add_option("--visibility", options->visibility,
                    "public: every project sees and deploys the image; project: its owner's alone")
        ->check(CLI::IsMember({"public", "project"}));
}

json waitUntilReady(Shell& shell, const std::string& id, ImageTicker& ticker)
{
    while (true) {
        json image = shell.client().get("/v1/images/" + platform::urlEncode(id));
        const std::string state = image.value("state", "");
        if (state == "ready")
            return image;
        if (state == "failed")
            throw FailedWork(image.at("error"));
        ticker.show("importing", image.value("progress_bytes", std::uint64_t{0}),
                    image.value("progress_total_bytes", std::uint64_t{0}));
        std::this_thread::sleep_for(300ms);
    }
}

json startImport(Shell& shell, const ImageOptions& options, ImageTicker& ticker)
{
    if (isUrl(options.source)) {
        json body = {{"name", options.name}, {"url", options.source}};
        if (!options.checksum.empty())
            body["checksum"] = options.checksum;
        if (!options.kind.empty())
            body["kind"] = options.kind;
        if (options.kernelArguments)
            body["kernel_arguments"] = *options.kernelArguments;
        addSharing(body, options);
        for (const std::string& text : options.labels) {
            const auto [name, value] = splitLabel(text);
            body["labels"][name] = value;
        }
        return shell.client().send("POST", "/v1/images", body);
    }
    const bool stream = options.source == "-";
    if (!stream && !std::filesystem::is_regular_file(options.source))
        throw Error(ErrorCode::NotFound, options.source + " is not a file",
                    "pass a file, - for stdin, or an http://, https://, s3:// or bm:// address");
    const std::string file = stream ? "stdin" : std::filesystem::path(options.source).filename().string();
    std::string query =
        "?name=" + platform::urlEncode(options.name) + "&filename=" + platform::urlEncode(file) +
        (options.checksum.empty() ? "" : "&checksum=" + platform::urlEncode(options.checksum)) +
        (options.kind.empty() ? "" : "&kind=" + options.kind) +
        (options.kernelArguments ? "&kernel_arguments=" + platform::urlEncode(*options.kernelArguments)
                                 : "") +
        (options.owner ? "&owner=" + platform::urlEncode(*options.owner) : "") +
        (options.visibility.empty() ? "" : "&visibility=" + options.visibility);
    for (const std::string& label : options.labels) {
        splitLabel(label);
        query += "&label=" + platform::urlEncode(label);
    }
    return shell.client().upload(
        "/v1/images" + query, options.source,
        [&](std::uint64_t done, std::uint64_t total) { ticker.show("uploading", done, total); });
}

json setTag(Shell& shell, const std::string& tag, const std::string& image)
{
    return shell.client().send("PUT", "/v1/image-tags/" + platform::urlEncode(tag), {{"image", image}});
}

json startPair(Shell& shell, ImageOptions options, ImageTicker& ticker)
{
    const BootPair pair(options.kernel, options.initrd, [&](std::uint64_t done, std::uint64_t total) {
        ticker.show("fetching", done, total);
    });
    options.source = pair.archive();
    options.kind = "ramdisk";
    return startImport(shell, options, ticker);
}

int add(Shell& shell, const ImageOptions& options)
{
    if (options.source.empty() == options.kernel.empty() || options.kernel.empty() != options.initrd.empty())
        throw Error(
            ErrorCode::InvalidInput, "the source is one file or URL, or a kernel with its initrd",
            "bm image add FILE|URL --name NAME, or: bm image add --kernel vmlinuz --initrd initrd.img "
            "--name NAME");
    for (const std::string& tag : options.tags)
        model::checkImageTag(tag);
    json image;
    {
        ImageTicker ticker;
        image =
            options.kernel.empty() ? startImport(shell, options, ticker) : startPair(shell, options, ticker);
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
        std::cout << fmt::format("{}: ready, {} {}, {} stored\n", options.name,
                                 humanBytes(image.at("size_bytes").get<double>()),
                                 image.value("kind", "") == "ramdisk" ? "kernel and initrd" : "on disk",
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
        std::cout << tag << ": removed\n";
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
    for (const std::string& text : options.labels) {
        const auto [name, value] = splitLabel(text);
        body["labels"][name] = value;
    }
    for (const std::string& name : options.unlabel)
        body["labels"][name] = nullptr;
    if (options.kernelArguments)
        body["kernel_arguments"] = *options.kernelArguments;
    addSharing(body, options);
    if (body.empty())
        throw Error(ErrorCode::InvalidInput, "no change given",
                    "--label os=debian, --unlabel os, --arch x86_64, --boot-mode uefi|bios|any, --visibility "
                    "public|project or --owner PROJECT");
    json image = shell.client().send("PATCH", "/v1/images/" + platform::urlEncode(options.image), body);
    image.erase("links");
    shell.print(image);
    return 0;
}

int list(Shell& shell, const ImageOptions& options)
{
    std::string query;
    for (const std::string& label : options.labels)
        query += (query.empty() ? "?label=" : "&label=") + platform::urlEncode(label);
    json images = shell.client().get("/v1/images" + query).at("images");
    if (shell.view().table())
        for (json& image : images) {
            std::string labels;
            for (const auto& [name, value] : image.at("labels").items())
                labels += (labels.empty() ? "" : ",") + name + "=" + value.get<std::string>();
            image["labels"] = labels;
            image["size"] = humanBytes(image.value("size_bytes", 0.0));
            image["stored"] = humanBytes(image.value("stored_bytes", 0.0));
        }
    shell.print(images, {{"NAME", "name"},
                         {"STATE", "state"},
                         {"KIND", "kind", true},
                         {"SIZE", "size"},
                         {"STORED", "stored"},
                         {"FORMAT", "source_format"},
                         {"VISIBILITY", "visibility"},
                         {"OWNER", "owner"},
                         {"CREATED", "created_at"},
                         {"LABELS", "labels", true},
                         {"VERIFIED", "verified_at", true},
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
    CLI::App* tagging = image.add_subcommand("tag", "Point tags to an image; existing tags move");
    tagging->add_option("image", options->image, "name, tag or uuid")->required();
    tagging->add_option("tags", options->tags, "for example: web:stable web:2026-11")->required();
    tagging->footer("Example:\n  bm image tag web-20261121 web:2026-11 web:stable");
    tagging->callback(
        [&shell, options] { shell.action = [&shell, options] { return tag(shell, *options); }; });
    CLI::App* untagging = image.add_subcommand("untag", "Remove tags; the images remain");
    untagging->add_option("tags", options->tags, "for example: web:stable")->required();
    untagging->footer("Example:\n  bm image untag web:2026-10");
    untagging->callback(
        [&shell, options] { shell.action = [&shell, options] { return untag(shell, *options); }; });
    CLI::App* listing =
        image.add_subcommand("tags", "List all tags, or the history of one tag, newest first");
    listing->add_option("tag", options->tag, "tag whose history to list, for example web:stable");
    listing->footer("Example:\n  bm image tags web:stable");
    listing->callback(
        [&shell, options] { shell.action = [&shell, options] { return tags(shell, *options); }; });
    CLI::App* setting = image.add_subcommand(
        "set",
        "Set labels, owner, visibility, architecture and boot mode of an image; rollouts refuse nodes that "
        "do not match");
    setting->add_option("image", options->image, "name, tag or uuid")->required();
    setting->add_option("--arch", options->architecture,
                        "architecture, for example x86_64; any: matches every node");
    setting->add_option("--boot-mode", options->bootMode, "boot mode: uefi, bios or any");
    setting->add_option("--kernel-arguments", options->kernelArguments,
                        "kernel arguments of a RAM disk image; %default% inserts the current ones");
    setting->add_option("--label", options->labels, "label to set: os=debian (may be repeated)");
    setting->add_option("--unlabel", options->unlabel, "name of a label to remove (may be repeated)");
    addSharingOptions(*setting, options);
    setting->footer("Examples:\n  bm image set web-20261121 --label role=web --arch x86_64 --boot-mode uefi\n"
                    "  bm image set golden --visibility public\n"
                    "  bm image set golden --visibility project --owner web");
    setting->callback(
        [&shell, options] { shell.action = [&shell, options] { return set(shell, *options); }; });
}

} // namespace

void addImageCommands(CLI::App& app, Shell& shell)
{
    CLI::App* image =
        app.add_subcommand("image", "Disk images: add, capture, list, label, verify, prune, delete");
    image->require_subcommand(1);
    image->fallthrough();
    const auto options = std::make_shared<ImageOptions>();
    CLI::App* adding = image->add_subcommand("add", "Import an image: a disk (raw, qcow2, vmdk, vhd, vhdx) "
                                                    "a tree (tar, cpio, zip, OCI or docker archive), or a "
                                                    "RAM disk (ISO, kernel and initrd); plain or compressed");
    adding->add_option("source", options->source,
                       "file, - for stdin, or URL: http(s)://, s3://bucket/key, bm://host:6385/NAME");
    adding->add_option("--kernel", options->kernel,
                       "kernel (bzImage, vmlinuz) of a RAM disk image: file or http(s) URL; replaces SOURCE");
    adding->add_option("--initrd", options->initrd, "initrd for --kernel");
    adding->add_option(
        "--kernel-arguments", options->kernelArguments,
        "kernel arguments of a RAM disk image; %default% inserts those of the ISO's boot menu");
    adding->add_option("--name", options->name, "name of the image")->required();
    adding->add_option("--checksum", options->checksum,
                       "checksum of the source: sha256:HEX, sha512:HEX, or the URL of a SHA256SUMS file");
    adding
        ->add_option(
            "--kind", options->kind,
            "disk, tree (a root file system: tar, cpio, zip, OCI or docker archive) or ramdisk (ISO, "
            "kernel and initrd) (default: detected from the content)")
        ->check(CLI::IsMember({"disk", "tree", "ramdisk"}));
    adding->add_flag("--no-wait", options->noWait, "return while the import runs");
    adding->add_option("--tag", options->tags, "tag to point to the image: web:2026-11 (may be repeated)");
    adding->add_option("--label", options->labels, "label to set: os=debian (may be repeated)");
    addSharingOptions(*adding, options);
    adding->footer("Examples:\n"
                   "  bm image add debian-12-generic-amd64.qcow2 --name debian-12 --tag debian:stable\n"
                   "  bm image add https://images.example/d.qcow2 --name d --checksum "
                   "https://images.example/SHA512SUMS\n"
                   "  bm image add rootfs.tar.zst --name web-root\n"
                   "  bm image add --kernel vmlinuz --initrd initrd.img --name rescue --kernel-arguments "
                   "console=ttyS0\n"
                   "  zcat disk.img.gz | bm image add - --name golden --label os=debian\n"
                   "  bm image add bm://other-site:6385/golden --name golden");
    adding->callback(
        [&shell, options] { shell.action = [&shell, options] { return add(shell, *options); }; });
    CLI::App* listing = image->add_subcommand("list", "List all images");
    listing->add_option("--label", options->labels,
                        "only images with this label: os=debian (may be repeated)");
    listing->callback(
        [&shell, options] { shell.action = [&shell, options] { return list(shell, *options); }; });
    listing->footer("Example:\n  bm image list --label os=debian --sort name");
    CLI::App* showing = image->add_subcommand("show", "Show everything about one image");
    showing->add_option("image", options->image, "name or uuid")->required();
    showing->footer("Example:\n  bm image show debian-12");
    showing->callback(
        [&shell, options] { shell.action = [&shell, options] { return show(shell, *options); }; });
    addTagCommands(*image, shell, options);
    addImageUpkeepCommands(*image, shell);
    addImageCapture(*image, shell);
    CLI::App* removing = image->add_subcommand("delete", "Delete images that no deployment uses");
    removing->add_option("images", options->images, "names or uuids")->required();
    removing->footer("Example:\n  bm image delete debian-11");
    removing->callback(
        [&shell, options] { shell.action = [&shell, options] { return remove(shell, *options); }; });
}

} // namespace bm::cli
