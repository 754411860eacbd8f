#pragma once
#include "common/model/image.h"
#include "common/wire/json/json_fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bm::wire {

/// The kinds of image that an option is for, one bit each.
using ImageKinds = std::uint8_t;
constexpr ImageKinds bitOf(model::ImageKind kind) noexcept
{
    return static_cast<ImageKinds>(1U << static_cast<unsigned>(kind));
}
inline constexpr ImageKinds kForDisks = bitOf(model::ImageKind::Disk);
inline constexpr ImageKinds kForTrees = bitOf(model::ImageKind::Tree);
inline constexpr ImageKinds kForRamdisks = bitOf(model::ImageKind::Ramdisk);
inline constexpr ImageKinds kForInstalled = kForDisks | kForTrees; ///< the system is on a disk
inline constexpr ImageKinds kForAll = kForInstalled | kForRamdisks;

/// The texts that refuse an option for an image of another kind. RAM disks have one message for all options.
struct OptionRefusal {
    std::string_view name{};    ///< the option, or the options that belong together; "": the key
    std::string_view message{}; ///< for a disk or a tree; {image} and {kind} stand for the image's
    std::string_view hint{};
};

/// A row of DeployOptions::fields(): the JSON field, and what else bm knows of the option.
template <class Owner, class Member, class Value> struct DeployOption : JsonField<Owner, Member> {
    ImageKinds kinds;
    Value (*read)(const nlohmann::json& value, std::string_view key); ///< from the body of a request
    OptionRefusal refusal;
};
template <class Owner, class Member, class Value>
constexpr DeployOption<Owner, Member, Value>
option(const char* key, Member Owner::*member, ImageKinds kinds,
       Value (*read)(const nlohmann::json& value, std::string_view key), OptionRefusal refusal = {})
{
    return {field(key, member), kinds, read, refusal};
}

/// Reads the hints of one disk; null is {}. @throws Error InvalidInput
model::JsonText hintsOfOne(const nlohmann::json& hints, std::string_view key);
/// Reads hints of one disk each; nothing for an empty list. @throws Error InvalidInput
std::optional<std::vector<model::JsonText>> hintsOfEach(const nlohmann::json& disks, std::string_view key);
/// Reads an object, or a name as a JSON text. @throws Error InvalidInput
model::JsonText layoutOrName(const nlohmann::json& layout, std::string_view key);

inline constexpr OptionRefusal kLayoutRefusal{
    "layout and preserve", "layout and preserve are for trees; {image} is an image of a whole disk",
    "leave them out: a disk image has its own partitions"};

/// The options of a disk image's copy, which the agent's step write_image gets as they are.
struct CopyOptions {
    bool growLastPartition = true;                           ///< to the disk's end
    bool full = false;                                       ///< copy every block, whatever the disk holds
    std::optional<std::vector<model::JsonText>> moreDisks{}; ///< hints of each further disk with the image
    static constexpr auto fields()
    {
        return std::tuple(option("grow_last_partition", &CopyOptions::growLastPartition, kForAll, asBoolean),
                          option("full", &CopyOptions::full, kForInstalled, asBoolean),
                          option("more_disks", &CopyOptions::moreDisks, kForDisks, hintsOfEach,
                                 {"more_disks", "more_disks is for images of a whole disk; {image} is a tree",
                                  "a layout with mirror: true lays a tree onto two disks"}));
    }
};

/// The options of a deployment: members of POST /v1/nodes/{ident}/provision and of the stored operation,
/// which has them as decided for its node. docs/architecture.md lists the files that a new option edits.
struct DeployOptions : CopyOptions {
    std::optional<model::JsonText> rootDevice{}; ///< hints; nothing: the node's
    std::optional<bool>
        kexec{}; ///< start the system without the firmware; nothing: by the node's driver_info
    std::optional<model::JsonText> layout{}; ///< nothing: the image's own, or "plain"
    std::optional<std::vector<std::string>>
        preserve{}; ///< mount points to keep, instead of the layout's; the stored layout has them
    std::optional<std::string> kernelArguments{}; ///< "%default%" in it means the image's
    /// Of several options that an image does not take, bm names the first.
    static constexpr auto fields()
    {
        return std::tuple_cat(
            std::tuple(
                option("kernel_arguments", &DeployOptions::kernelArguments, kForRamdisks, asString,
                       {"kernel_arguments", "kernel_arguments are for RAM disks; {image} is of kind {kind}",
                        "a tree's are set by its layout (kernel_arguments), a disk's by its boot "
                        "loader"}),
                option("layout", &DeployOptions::layout, kForTrees, layoutOrName, kLayoutRefusal),
                option("preserve", &DeployOptions::preserve, kForTrees, asStrings, kLayoutRefusal)),
            CopyOptions::fields(),
            std::tuple(option("root_device", &DeployOptions::rootDevice, kForInstalled, hintsOfOne),
                       option("kexec", &DeployOptions::kexec, kForInstalled, asBoolean)));
    }
};

std::vector<std::string_view> deployOptionKeys();
/// The options that @p body has. Texts and numbers that mean a boolean are taken, as elsewhere in Ironic's
/// bodies. @throws Error InvalidInput naming the option
DeployOptions deployOptionsFromBody(const nlohmann::json& body);

/// The refusal of the first option that @p options has and images of @p kind do not take.
std::optional<OptionRefusal> refusedOption(const DeployOptions& options, model::ImageKind kind);
/// @p options without those that images of @p kind do not take.
DeployOptions optionsFor(model::ImageKind kind, DeployOptions options);

} // namespace bm::wire
