// Deploy templates and runbooks may be deleted at any time: operations have their own copy of the steps.
#include "conductor/resources/step_list_rules.h"

#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/step_list_repositories.h"

namespace bm::conductor {

using model::DeployTemplate;
using model::Runbook;

namespace {

void refuseTemplate(db::Transaction& tx, const Context&, const DeployTemplate& item, const DeployTemplate*)
{
    requireFreeName(tx, db::deployTemplateRepository(), item, "deploy template");
}

void refuseRunbook(db::Transaction& tx, const Context&, const Runbook& item, const Runbook*)
{
    requireFreeName(tx, db::runbookRepository(), item, "runbook");
}

} // namespace

const ResourceRules<DeployTemplate>& deployTemplateRules()
{
    static const ResourceRules<DeployTemplate> rules{"Deploy template",
                                                     "deploy template",
                                                     {model::EventKind::DeployTemplateCreated,
                                                      model::EventKind::DeployTemplateChanged,
                                                      model::EventKind::DeployTemplateDeleted},
                                                     db::deployTemplateRepository,
                                                     "name",
                                                     noNode<DeployTemplate>,
                                                     refuseTemplate,
                                                     allowRemoval<DeployTemplate>};
    return rules;
}

const ResourceRules<Runbook>& runbookRules()
{
    static const ResourceRules<Runbook> rules{"Runbook",
                                              "runbook",
                                              {model::EventKind::RunbookCreated,
                                               model::EventKind::RunbookChanged,
                                               model::EventKind::RunbookDeleted},
                                              db::runbookRepository,
                                              "name",
                                              noNode<Runbook>,
                                              refuseRunbook,
                                              allowRemoval<Runbook>};
    return rules;
}

template class Resources<DeployTemplate>;
template class Resources<Runbook>;

} // namespace bm::conductor
