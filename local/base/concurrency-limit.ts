/** Deployments of a rollout that run at a time on this machine at most: each one starts an agent and a probe. */
export const mostDeploymentsAtOnce = 16;
