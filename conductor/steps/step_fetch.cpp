// Waits until the catalogue has imported the image that a deployment names by its address.
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;

namespace {

constexpr std::chrono::seconds kPollAgain{1};

std::string shownImage(const Image& image)
{
    return fmt::format("{} from {}", image.name, image.source);
}

Error failureOf(const Image& image)
{
    return {model::errorCodeFromText(image.errorCode).value_or(ErrorCode::Internal),
            fmt::format("{}: {}", shownImage(image), image.errorMessage), image.errorHint};
}

} // namespace

model::StepResult stepFetchImage(StepWork& work)
{
    const Image image = imageOf(work);
    switch (image.state) {
    case ImageState::Ready:
        work.recordEvent(model::EventKind::ImageFetched, shownImage(image));
        return model::Done{};
    case ImageState::Importing:
        work.step.message = "fetching " + shownImage(image);
        work.step.bytesDone = static_cast<std::int64_t>(image.progressBytes);
        work.step.bytesTotal = static_cast<std::int64_t>(image.progressTotalBytes);
        return model::Again{kPollAgain};
    default:
        throw failureOf(image);
    }
}

} // namespace bm::conductor
