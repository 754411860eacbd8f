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
    /// Moves the blocks, which are all there, into the store and the catalogue. May be repeated. Of a tree it
    /// begins the import of the archive; the image is importing then, and a later call returns the outcome.
    /// @throws Error why the image failed
    model::Image finish(const model::NodeId& node);

private:
    model::ImageId captureOf(const model::NodeId& node) const;
    Context context_;
};

/// Begins the import of the archive of @p tree, whose blocks the store's captures hold. May be repeated.
/// @throws as CaptureStore::finish
void importCapturedTree(const Context& context, const model::Image& tree);
/// The image of a capture that did not end well is failed, with the operation's error. Part of the caller's
/// transaction; nothing for other kinds and for images that are ready.
void failCapturedImage(db::Transaction& tx, const Context& context, const model::Operation& operation);
/// The store drops the blocks that a capture has sent, after the commit; nothing for other kinds.
void dropCapture(db::Transaction& tx, const Context& context, const model::Operation& operation);

} // namespace bm::conductor
