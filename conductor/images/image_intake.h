#pragma once
#include "conductor/core/context.h"

#include <filesystem>
#include <optional>
#include <string>

namespace bm::conductor {

/// Where a new image comes from.
struct NewImage {
    std::string name;
    std::string url;                     ///< http(s), s3 or bm; empty: spooledFile
    std::filesystem::path spooledFile{}; ///< in the store's incoming folder; taken over (removed afterwards)
    std::string sourceName;              ///< shown: the file's name
    std::string checksum;                ///< "", "sha256:...", "sha512:..." or the URL of a checksum file
    model::JsonText labels{};            ///< {"os": "debian"}
    platform::Asker asker = platform::Asker::System; ///< the party that named url and checksum
    std::optional<model::ImageKind> kind{};          ///< nothing: detected from the content
    std::optional<std::string> kernelArguments{};    ///< of a RAM disk; nothing: those that came with it
    std::string owner{};                             ///< a project; "": the system
    model::ImageVisibility visibility = model::ImageVisibility::Project;
    std::string addressKey{}; ///< of an image fetched by address (image_by_url.h)
};

/// The row of @p wanted, which is to be imported; not stored yet. @throws Error InvalidInput (a source that
/// bmd does not request, too)
model::Image imageToImport(const NewImage& wanted, const images::SourceSettings& sources, model::UtcTime now);
/// Stores @p image with its job, in place of a failed image of the same name; the import begins after the
/// commit.
/// @param by  the actor that the event names
/// @throws Error Conflict (the name is taken)
void storeImport(db::Transaction& tx, const Context& context, const model::Image& image,
                 const NewImage& wanted, const std::string& by);

} // namespace bm::conductor
