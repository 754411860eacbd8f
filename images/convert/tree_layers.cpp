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
    for (const json& descriptor : listAt(index, "manifests"))
        if (descriptor.is_object() && isFor(descriptor, architecture))
            fitting.push_back(&descriptor);
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

std::vector<Layer> dockerLayers(const json& manifest)
{
    if (manifest.size() != 1)
        refuse("the archive holds " + std::to_string(manifest.size()) +
               " images; save one: docker save NAME");
    std::vector<Layer> layers;
    for (const json& name : listAt(manifest.front(), "Layers")) {
        const std::string path = cleanPath(name.is_string() ? name.get<std::string>() : std::string());
        const bool named = path.starts_with("blobs/sha256/") && isHex64(lastPartOf(path));
        layers.push_back({path, named ? std::string(lastPartOf(path)) : std::string()});
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

bool fitsLayers(std::string_view path)
{
    const std::string_view top = path.substr(0, path.find('/'));
    constexpr std::string_view kSuffix = ".json";
    const bool config =
        top.size() == 64 + kSuffix.size() && top.ends_with(kSuffix) && isHex64(top.substr(0, 64));
    return top.empty() || top == "blobs" || top == "index.json" || top == "oci-layout" ||
           top == "manifest.json" || top == "repositories" || isHex64(top) || config;
}

std::vector<Layer> layersOf(const Documents& documents, std::string_view architecture)
{
    // Current docker archives are OCI layouts too; their manifest.json selects the image.
    if (const auto found = documents.find("manifest.json"); found != documents.end()) {
        const json manifest = parsed(found->second, "manifest.json");
        if (manifest.is_array() && !manifest.empty())
            return bounded(dockerLayers(manifest));
    }
    const auto index = documents.find("index.json");
    if (index == documents.end() || !documents.contains("oci-layout"))
        return {};
    return bounded(ociLayers(documents, parsed(index->second, "index.json"), architecture, 0));
}

} // namespace bm::images
