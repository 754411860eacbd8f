#pragma once
#include "conductor/core/context.h"

#include <cstdint>
#include <istream>

namespace bm::conductor {

/// Captures of disks, and of the trees on them, as images: the operator's request and the blocks that the
/// agent sends. The image's row exists from the start (state importing, with its name) and is ready when
/// every block is in the store.
class Captures {
public:
    explicit Captures(Context context) : context_(std::move(context)) {}

    /// Calls of the agent, for the node's current capture. @throws Error Conflict without a capture, and as
    /// CaptureStore
    images::CaptureState open(const model::NodeId& node, std::uint64_t sizeBytes);
    images::CaptureState append(const model::NodeId& node, std::uint64_t firstBlock, std::istream& body);
    /// Moves the complete blocks into the store and the catalogue. May be repeated. For a tree it begins the
    /// import of the archive; a later call returns the import's outcome. @throws Error the reason for the
    /// failure
    model::Image finish(const model::NodeId& node);

private:
    model::ImageId captureOf(const model::NodeId& node) const;
    Context context_;
};

/// Begins the import of the archive of @p tree, whose blocks the store's captures hold. May be repeated.
/// @throws as CaptureStore::finish
void importCapturedTree(const Context& context, const model::Image& tree);
/// Marks the image of a failed capture as failed, with the operation's error. Part of the caller's
/// transaction. Ignores other kinds of operation and ready images.
void failCapturedImage(db::Transaction& tx, const Context& context, const model::Operation& operation);
/// Makes the store drop the blocks of a capture, after the commit. Ignores other kinds of operation.
void dropCapture(db::Transaction& tx, const Context& context, const model::Operation& operation);

} // namespace bm::conductor
