#include "agent/start/start_kernel_step.h"

#include "agent/start/kernel_start.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/start_kernel.h"

#include <fmt/format.h>

namespace bm::agent {

using model::Error;

namespace {

wire::StartKernelResult refused(const StepContext& context, const std::string& why)
{
    context.log.info("the RAM disk does not start the deployed kernel: " + why);
    return {.why = why};
}

wire::StartKernelResult load(const std::string& disk, const StepContext& context)
{
    const auto choice =
        findKernel(disk, context.log, [&](const KernelChoice& found, const std::string& folder) {
            if (context.mayChangeMachine)
                loadKernel(found, folder);
        });
    if (!choice)
        return refused(context,
                       fmt::format("no kernel was found on {} by a grub.cfg or loader entries", disk));
    wire::StartKernelResult result{.loaded = true};
    if (!context.mayChangeMachine)
        result = refused(context, "this agent may not change the machine");
    result.kernel = choice->kernel;
    result.initrds = choice->initrds;
    result.arguments = choice->arguments;
    context.log.info(fmt::format("kernel {} of {}: {}", choice->kernel, disk, choice->arguments));
    return result;
}

} // namespace

model::JsonText startKernelStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::StartKernelArguments>(context.arguments.text, "start_kernel");
    context.progress.message("searching for the deployed kernel");
    try {
        return wire::toJson(load(chooseDiskToRead(in.disk, context).name, context));
    } catch (const Error& error) {
        if (error.code() == model::ErrorCode::Aborted)
            throw;
        return wire::toJson(
            refused(context, error.message() + (error.hint().empty() ? "" : "; " + error.hint())));
    }
}

} // namespace bm::agent
