// Images by address: the first deployment imports the image into the catalogue, the others wait for it.
#include "conductor/images/image_by_url.h"

#include "common/platform/secrets.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/images/image_intake.h"
#include "images/sources/checksum.h"
#include "images/sources/source_reach.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;
using nlohmann::json;

namespace {

constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha512Digits = 128;

constexpr const char* kChecksumHint = "set instance_info/image_os_hash_algo (sha256, sha512) and "
                                      "image_os_hash_value, or image_checksum";

/// The algorithm of a digest, by its length.
std::string withAlgorithm(const std::string& value)
{
    if (value.find(':') != std::string::npos)
        return value;
    if (value.size() == kSha256Digits)
        return "sha256:" + value;
    if (value.size() == kSha512Digits)
        return "sha512:" + value;
    throw Error(ErrorCode::InvalidInput,
                "image_checksum is neither SHA-256, SHA-512 nor the URL of a checksum file",
                std::string(kChecksumHint) + "; bm does not accept MD5");
}

std::string checksumOf(const json& instance)
{
    std::string value = wire::textMember(instance, "image_os_hash_value");
    if (!value.empty()) {
        if (isImageUrl(value))
            return value;
        return wire::textMember(instance, "image_os_hash_algo") + ":" + value;
    }
    const std::string given = wire::textMember(instance, "image_checksum");
    if (given.empty())
        throw Error(ErrorCode::InvalidInput, "image_source is a URL without a checksum", kChecksumHint);
    return withAlgorithm(given);
}

platform::Asker askerFor(const ImageParty& party)
{
    return party.ofSystem() ? platform::Asker::System : platform::Asker::Project;
}

/// @throws Error InvalidInput
void requireFile(const std::string& url)
{
    if (images::parseSourceUrl(url).kind == images::SourceKind::Bm)
        throw Error(ErrorCode::InvalidInput, "image_checksum: an image of another bmd is no checksum file",
                    kChecksumHint);
}

/// The identity of an image that @p party fetches by its address: the whole of all three.
std::string addressKeyOf(const ImageAddress& address, const ImageParty& party)
{
    return platform::sha256Hex(json::array({party.project, address.url, address.checksum})
                                   .dump(-1, ' ', false, json::error_handler_t::replace));
}

/// An image name from the file of the URL. The first digits of @p key, as many as needed, make it unique.
std::string freeNameFor(db::Transaction& tx, const std::string& file, const std::string& key)
{
    constexpr std::size_t kLongestFile = 40;
    constexpr std::size_t kFewestDigits = 12;
    std::string name;
    for (const char c : file.substr(0, kLongestFile))
        name +=
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ? c : '-';
    if (name.empty() || std::isalnum(static_cast<unsigned char>(name.front())) == 0)
        name = "image" + name;
    name += '-';
    std::size_t digits = kFewestDigits;
    while (digits < key.size() && db::ImageRepository{}.findByName(tx, name + key.substr(0, digits)))
        ++digits;
    return name + key.substr(0, digits);
}

} // namespace

bool isImageUrl(std::string_view reference)
{
    return reference.find("://") != std::string_view::npos;
}

ImageAddress imageAddressOf(const json& instance)
{
    const std::string url = wire::textMember(instance, "image_source");
    const images::SourceKind kind = images::parseSourceUrl(url).kind;
    if (!wire::textMember(instance, "kernel").empty() || !wire::textMember(instance, "ramdisk").empty())
        throw Error(ErrorCode::InvalidInput,
                    "a partition image with its kernel and ramdisk cannot be deployed",
                    "use an image of a whole disk, or a tree (docs/trees.md)");
    const std::string checksum = checksumOf(instance);
    if (kind == images::SourceKind::Bm && !checksum.starts_with("sha256:"))
        throw Error(ErrorCode::InvalidInput, "image_checksum: an image of another bmd has a content id",
                    "set it to sha256:CONTENT_ID; there, bm image show prints content_id");
    if (!isImageUrl(checksum))
        images::parseChecksum(checksum);
    else
        requireFile(checksum);
    return {url, checksum};
}

void requireReachable(const Context& context, const ImageAddress& address, const ImageParty& party)
{
    const images::SourceSettings& sources = context.images.settings().sources;
    images::requireReachable(images::parseSourceUrl(address.url), sources, askerFor(party));
    if (isImageUrl(address.checksum))
        images::requireReachable(images::parseSourceUrl(address.checksum), sources, askerFor(party));
}

Image imageByUrl(db::Transaction& tx, const Context& context, const ImageAddress& address,
                 const ImageParty& party, const std::string& by)
{
    const db::ImageRepository images;
    NewImage wanted;
    wanted.url = address.url;
    wanted.checksum = address.checksum;
    wanted.asker = askerFor(party);
    wanted.owner = party.project;
    wanted.addressKey = addressKeyOf(address, party);
    wanted.kind = model::ImageKind::Disk;
    wanted.labels = wire::canonical({{"fetched", "by-address"}});
    if (const std::optional<Image> known = images.findByAddressKey(tx, wanted.addressKey)) {
        if (known->state != ImageState::Failed)
            return *known;
        images.remove(tx, known->id);
    }
    wanted.name = freeNameFor(tx, images::parseSourceUrl(address.url).name, wanted.addressKey);
    Image image = imageToImport(wanted, context.images.settings().sources, context.clock.now());
    storeImport(tx, context, image, wanted, by);
    return image;
}

std::string carriedImage(const json& instance)
{
    const std::string fetched = wire::textMember(instance, "image_name");
    return fetched.empty() ? wire::textMember(instance, "image_source") : fetched;
}

} // namespace bm::conductor
