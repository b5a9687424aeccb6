/** Texts that the fuzz tests mutate: the ways of writing that users have, over the fixtures' plugins. */
export const realConfigs: readonly string[] = [
  `# yaml-language-server: $schema=../.switchyard/schema.json
name: quickstart
seed: 0
source: { type: numbers, width: 64, texts: [a.txt, b.txt] }
model:
  features: 2048
  router: { type: switch, experts: 8 }
  expert: { type: top-k, k: 16 }
losses: [reconstruction, { type: load-balance, weight: 3 }]
training:
  steps: 600
  batchSize: 1024
  optimizer: { type: adam, learningRate: "\${2e-4 / sqrt(model.features / 16384)}" }
  schedule: { type: linear-decay, decayStart: 0.8 }
evaluation: { evaluators: [reconstruction, sparsity, routing] }
sweep:
  grid: { model.router: [none, { type: switch, experts: 2 }, { type: switch, experts: 4 }] }
  match: width
  seeds: [0]
`,
  `extends: [base.yaml]
name: "flop-matched"
model:
  features: \${256 * 2 ** 3}
  router:
    type: top-e
    experts: 8
    e: 2
  expert: top-k
  encoderBias: true
training: &train
  steps: 100
  gradientClip: null
device: cpu
executor: { type: local, workers: 2 }
trackers: [csv]
sweep:
  zip:
    - model.expert.k: [8, 16, 32]
      training.steps: [100, 200, 300]
  grid:
    training.optimizer.learningRate: { min: 1e-5, max: 1e-3, num: 3, scale: log }
  exclude:
    - { model.expert.k: 32, training.steps: 300 }
  include:
    - { model.expert.k: 64 }
  seeds: 2
  match: flops
`,
  `defaults: &switch { type: switch, experts: 4 }
source:
  type: numbers
  path: \${env:DATA_DIR,./data}/x
model:
  features: 1_024
  router: { <<: *switch, gate: heaviside }
  expert: { type: top-k, k: "\${min(model.features / 128, 8)}" }
losses:
  - reconstruction
  - type: load-balance
    weight: \${losses.0.weight * 3}
report: { plots: [loss-curves, mse-l0] }
`,
];

/** What the second config extends. */
export const baseConfig = `source: numbers
model: { features: 512, router: none, expert: { type: top-k, k: 4 } }
training: { optimizer: { type: adam, learningRate: 1e-3 } }
`;
