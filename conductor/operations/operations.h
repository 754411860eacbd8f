#pragma once
#include "conductor/core/context.h"
#include "images/store/image_store.h"

#include <optional>
#include <string>

namespace bm::conductor {

/// What a deployment is asked to do; stored in the operation's request.
struct DeployRequest {
    std::string image; ///< name or id of the catalogue; empty: instance_info.image_source
    std::string
        rootDeviceJson; ///< hints; empty: instance_info, properties, class, remembered disk, in this order
    std::vector<std::string> moreDisksJson{}; ///< hints of further disks that get the same disk image
    bool growLastPartition = true;
    bool full = false;           ///< copy every block, whatever the disk holds
    std::optional<bool> kexec{}; ///< start the deployed kernel from the RAM disk; else driver_info/kexec says
    std::string
        layoutJson{}; ///< of a tree: an object, or a name as a JSON text; empty: the image's, or "plain"
    std::optional<std::vector<std::string>> preserve{}; ///< of a tree: over the layout's
    std::optional<std::string> kernelArguments{};       ///< of a RAM disk, instead of the image's
    std::string hostName;                               ///< empty: the node's name, else its uuid
    std::vector<std::string> sshKeys{};
    std::optional<images::ConfigDrive>
        parts{};                     ///< extra meta data and user data for a drive built by the server
    std::string configDriveBase64{}; ///< a whole one; wins over parts
    bool configDrive = true;         ///< false: none
    std::string stepsJson{};         ///< Ironic's deploy_steps, canonical; they win over deploy templates
};

/// What goes with a verb.
struct VerbOrder {
    DeployRequest deploy{};       ///< of active, rebuild
    std::string stepsJson{};      ///< of clean and service, canonical; empty: none
    std::string runbook{};        ///< whose steps they are instead: name or uuid
    bool disableRamdisk = false;  ///< of clean and service: no agent, the machine stays as it is
    std::string rescuePassword{}; ///< of rescue, in plain
    std::string project{};        ///< of who asks: its runbooks and public ones; "": all
};

/// Verbs on nodes. All answer at once (the work is an operation), all may be repeated by whoever lost the
/// answer.
/// @throws Error NotFound, InvalidTransition (the state does not allow it), NodeLocked (an operation is at
/// work), NodeProtected, Conflict (maintenance), InvalidInput
class Operations {
public:
    explicit Operations(Context context);

    /// Ironic's PUT states/provision, all of its verbs.
    model::OperationId verb(const std::string& ident, model::StateEvent verb, const VerbOrder& order,
                            const std::string& actor);
    /// bm's own: from enroll verify, provide, deploy; manageable: provide, deploy; available, deploy failed:
    /// deploy; active: rebuild; clean failed: manage first.
    model::OperationId provision(const std::string& ident, const DeployRequest& request,
                                 const std::string& actor);
    /// The same as part of the caller's transaction, for @p rollout; the caller wakes the engine after it.
    static model::OperationId provisionWithin(db::Transaction& tx, const Context& context,
                                              const std::string& ident, const DeployRequest& request,
                                              const std::string& actor, const model::RolloutId& rollout);
    /// Asks the node's operation to stop at its next safe point, as part of the caller's transaction.
    /// @return whether there was one
    static bool abortWithin(db::Transaction& tx, const Context& context, const model::NodeId& node,
                            const std::string& actor);
    /// bm's own: to available, from enroll by verify and clean, from manageable by clean; clean failed:
    /// manage first. @return nothing when it is available already. @throws as above, InvalidTransition from
    /// others
    std::optional<model::OperationId> provide(const std::string& ident, const std::string& actor);
    /// Ironic's PUT states/power.
    model::OperationId power(const std::string& ident, model::PowerTarget target,
                             std::optional<std::chrono::milliseconds> timeout, const std::string& actor);
    /// Stops the node's operation at its next safe point. @throws Error Conflict when none is at work
    void abort(const std::string& ident, const std::string& actor);

private:
    Context context_;
};

/// "active" -> Deploy, "deleted" -> Delete, "manage" -> Manage ...: the targets of PUT states/provision.
std::optional<model::StateEvent> verbFromTarget(std::string_view target);

} // namespace bm::conductor
