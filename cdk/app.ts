import { createApp } from './stack.ts';

createApp().app.synth();
