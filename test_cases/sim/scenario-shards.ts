/** How the keys of a scenario are spread. */
export interface ScenarioShards {
  readonly shards: number;
  readonly replicas: number;
}
