#pragma once
#include "conductor/context.h"

#include <memory>
#include <string>

namespace bm::conductor {

struct NewImage {
    std::string name;
    std::string url;                     ///< http(s); empty: spooledFile
    std::filesystem::path spooledFile{}; ///< in the store's incoming folder; taken over (removed afterwards)
    std::string sourceName;              ///< shown: the file's name
    std::string checksum;                ///< "", "sha256:..." or "sha512:..."
};

/// Images by name. Imports run on a pool of their own; an import that a crash cut off is failed with a hint
/// at start.
class ImageCatalogue {
public:
    explicit ImageCatalogue(Context context);
    ~ImageCatalogue();
    void start();
    void stop();
    /// @throws Error Conflict (name taken by an image that did not fail), InvalidInput
    model::Image add(const NewImage& image, const std::string& actor);
    model::Image get(const std::string& nameOrId) const; ///< @throws Error NotFound
    std::vector<model::Image> list() const;
    /// Applies @p change to what operators may say of an image. @throws Error NotFound
    model::Image change(const std::string& nameOrId, const std::function<void(model::Image&)>& change);
    /// @throws Error ImageInUse (an unfinished deployment wants it; names the nodes)
    void remove(const std::string& nameOrId, const std::string& actor);
    const images::ImageStore& store() const;
    images::ImageStore& store();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
