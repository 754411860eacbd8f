#pragma once
#include "conductor/core/context.h"

#include <cstdint>
#include <istream>

namespace bm::conductor {

/// Disks, and the trees on them, that become images: the operators' wish, and what the agent sends meanwhile.
/// The image's row is there from the start (state importing, its name taken) and ready only when every block
/// is in the store.
class Captures {
public:
    explicit Captures(Context context) : context_(std::move(context)) {}

    /// The agent's side; the node's own capture is meant. @throws Error Conflict when none is at work, and as
    /// CaptureStore does
    images::CaptureState open(const model::NodeId& node, std::uint64_t sizeBytes);
    images::CaptureState append(const model::NodeId& node, std::uint64_t firstBlock, std::istream& body);
    /// All blocks are here: into the store and the catalogue. May be repeated. A tree is still importing
    /// then: ImageCatalogue::takeCapture() has its archive imported, and a later call tells the outcome.
    /// @throws Error why the image failed
    model::Image finish(const model::NodeId& node);

private:
    model::ImageId captureOf(const model::NodeId& node) const;
    Context context_;
};

/// The image of a capture that did not end well is failed, with the operation's error. Part of the caller's
/// transaction; nothing for other kinds and for images that are ready.
void failCapturedImage(db::Transaction& tx, const Context& context, const model::Operation& operation);
/// What such a capture left in the store goes. After that transaction.
void dropCapture(const Context& context, const model::Operation& operation);

} // namespace bm::conductor
