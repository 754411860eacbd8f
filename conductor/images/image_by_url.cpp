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

void requireWeb(const std::string& field, const std::string& url)
{
    if (images::parseSourceUrl(url).kind != images::SourceKind::Web)
        throw Error(ErrorCode::InvalidInput, field + ": only http:// and https:// addresses are fetched",
                    "import it first: bm image add URL --name NAME");
}

/// An image name from the file of the URL; a digest at its end makes it unique.
std::string nameFor(const ImageAddress& address, const std::string& file)
{
    constexpr std::size_t kLongestFile = 40;
    constexpr std::size_t kDigits = 12;
    std::string name;
    for (const char c : file.substr(0, kLongestFile))
        name +=
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ? c : '-';
    if (name.empty() || std::isalnum(static_cast<unsigned char>(name.front())) == 0)
        name = "image" + name;
    return name + "-" + platform::sha256Hex(address.url + "\n" + address.checksum).substr(0, kDigits);
}

} // namespace

bool isImageUrl(std::string_view reference)
{
    return reference.find("://") != std::string_view::npos;
}

ImageAddress imageAddressOf(const json& instance)
{
    const std::string url = wire::textMember(instance, "image_source");
    requireWeb("image_source", url);
    if (!wire::textMember(instance, "kernel").empty() || !wire::textMember(instance, "ramdisk").empty())
        throw Error(ErrorCode::InvalidInput,
                    "a partition image with its kernel and ramdisk cannot be deployed",
                    "use an image of a whole disk, or a tree (docs/trees.md)");
    const std::string checksum = checksumOf(instance);
    if (!isImageUrl(checksum))
        images::parseChecksum(checksum);
    else
        requireWeb("image_checksum", checksum);
    return {url, checksum};
}

void requireReachable(const Context& context, const ImageAddress& address, platform::Asker asker)
{
    const images::SourceSettings& sources = context.images.settings().sources;
    images::requireReachable(images::parseSourceUrl(address.url), sources, asker);
    if (isImageUrl(address.checksum))
        images::requireReachable(images::parseSourceUrl(address.checksum), sources, asker);
}

Image imageByUrl(db::Transaction& tx, const Context& context, const ImageAddress& address,
                 platform::Asker asker, const std::string& by)
{
    NewImage wanted;
    wanted.url = address.url;
    wanted.checksum = address.checksum;
    wanted.asker = asker;
    wanted.kind = model::ImageKind::Disk;
    wanted.labels = wire::canonical({{"fetched", "by-address"}});
    wanted.name = nameFor(address, images::parseSourceUrl(address.url).name);
    const std::optional<Image> known = db::ImageRepository{}.findByName(tx, wanted.name);
    if (known && known->state != ImageState::Failed)
        return *known;
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
