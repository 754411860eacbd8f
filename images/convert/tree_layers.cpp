#include "images/convert/tree_layers.h"

#include "common/text/text.h"
#include "images/convert/refusal.h"
#include "images/convert/tree_path.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bm::images {
namespace {

using nlohmann::json;

constexpr std::size_t kMostLayers = 512;
constexpr int kDeepestIndex = 3;

[[noreturn]] void refuse(const std::string& why)
{
    throw Refusal(ConvertExit::Unsupported, why);
}

json parsed(const std::string& text, const std::string& name)
{
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        throw Refusal(ConvertExit::Corrupt, name + " in the archive is not JSON");
    return value;
}

std::string textAt(const json& object, const char* name)
{
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>()
                                                                             : std::string();
}

const json& listAt(const json& object, const char* name)
{
    static const json kNone = json::array();
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_array() ? *found : kNone;
}

bool isHex64(std::string_view text)
{
    return text::isLowerHex(text, 64);
}

/// The hex digits of "sha256:abc". @throws Refusal for other digest algorithms
std::string digestHex(const std::string& digest)
{
    if (!digest.starts_with("sha256:") || !isHex64(std::string_view(digest).substr(7)))
        refuse("the image refers to the blob '" + printable(digest) + "'; only sha256 digests are supported");
    return digest.substr(7);
}

const std::string& blob(const Documents& documents, const std::string& digest)
{
    const auto found = documents.find("blobs/sha256/" + digestHex(digest));
    if (found == documents.end())
        throw Refusal(ConvertExit::Corrupt,
                      "the image's blob " + printable(digest) + " is not in the archive");
    return found->second;
}

/// The SHA-256 of a stored layer that its name has: "HEX", "sha256:HEX", "HEX.tar", "HEX.tar.gz". Empty for
/// docker's "HEX/layer.tar", where HEX is an id.
std::string digestInName(std::string_view path)
{
    constexpr std::string_view kPrefix = "sha256:";
    std::string_view name = lastPartOf(path);
    if (name.starts_with(kPrefix))
        name.remove_prefix(kPrefix.size());
    name = name.substr(0, name.find('.'));
    return isHex64(name) ? std::string(name) : std::string();
}

bool isIndex(const json& described)
{
    return !listAt(described, "manifests").empty();
}

/// True if the descriptor is an image for @p architecture. Builders' attestations have the platform
/// "unknown".
bool isFor(const json& descriptor, std::string_view architecture)
{
    const auto platform = descriptor.find("platform");
    if (platform == descriptor.end() || !platform->is_object())
        return true;
    return textAt(*platform, "architecture") == architecture && textAt(*platform, "os") == "linux";
}

Layer layerOf(const json& descriptor)
{
    const std::string type = textAt(descriptor, "mediaType");
    if (type.find("encrypted") != std::string::npos)
        refuse("a layer is encrypted");
    if (!listAt(descriptor, "urls").empty() || type.find("foreign") != std::string::npos)
        refuse("the archive lacks a layer (a foreign layer)");
    const std::string hex = digestHex(textAt(descriptor, "digest"));
    return {"blobs/sha256/" + hex, hex};
}

std::vector<Layer> ociLayers(const Documents& documents, const json& index, std::string_view architecture,
                             int depth)
{
    std::vector<const json*> fitting;
    for (const json& descriptor : listAt(index, "manifests")) {
        const auto isSame = [&](const json* other) {
            return textAt(*other, "digest") == textAt(descriptor, "digest"); // one image under several tags
        };
        if (descriptor.is_object() && isFor(descriptor, architecture) &&
            std::ranges::none_of(fitting, isSame))
            fitting.push_back(&descriptor);
    }
    if (fitting.empty())
        refuse("the archive holds no image for linux/" + std::string(architecture));
    if (fitting.size() > 1)
        refuse("the archive holds " + std::to_string(fitting.size()) +
               " images; export a single one: skopeo copy docker://NAME oci-archive:FILE");
    const json manifest = parsed(blob(documents, textAt(*fitting.front(), "digest")), "the image's manifest");
    if (isIndex(manifest)) {
        if (depth >= kDeepestIndex)
            refuse("nested indexes are too deep");
        return ociLayers(documents, manifest, architecture, depth + 1);
    }
    std::vector<Layer> layers;
    for (const json& descriptor : listAt(manifest, "layers"))
        layers.push_back(layerOf(descriptor));
    return layers;
}

bool isDockerManifest(const json& manifest)
{
    return manifest.is_array() && !manifest.empty() &&
           std::ranges::all_of(manifest, [](const json& image) { return !listAt(image, "Layers").empty(); });
}

std::vector<Layer> dockerLayers(const json& manifest)
{
    const json& names = listAt(manifest.front(), "Layers");
    if (!std::ranges::all_of(manifest, [&](const json& image) { return listAt(image, "Layers") == names; }))
        refuse("the archive holds " + std::to_string(manifest.size()) +
               " images; save one: docker save NAME");
    std::vector<Layer> layers;
    for (const json& name : names) {
        const std::string path = cleanPath(name.is_string() ? name.get<std::string>() : std::string());
        layers.push_back({path, digestInName(path)});
    }
    return layers;
}

std::vector<Layer> bounded(std::vector<Layer> layers)
{
    if (layers.empty() || layers.size() > kMostLayers)
        refuse("an image of " + std::to_string(layers.size()) + " layers");
    return layers;
}

} // namespace

std::vector<Layer> layersOf(const Documents& documents, std::string_view architecture)
{
    // Current docker archives are OCI layouts too; their manifest.json selects the image.
    if (const auto found = documents.find("manifest.json"); found != documents.end()) {
        const json manifest = parsed(found->second, "manifest.json");
        if (isDockerManifest(manifest))
            return bounded(dockerLayers(manifest));
    }
    const auto index = documents.find("index.json");
    if (index == documents.end() || !documents.contains("oci-layout"))
        return {};
    return bounded(ociLayers(documents, parsed(index->second, "index.json"), architecture, 0));
}

} // namespace bm::images
