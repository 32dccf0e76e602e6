// OpenTelemetry's exporters, and the least of its SDK around them.
import { OTLPLogExporter as LogsAsJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsAsProto } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as SpansAsJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as SpansAsProto } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'

/// Both encodings, plain and packed.
export function* exporters(base, key) {
  for (const [encoding, Logs, Spans] of [['JSON', LogsAsJson, SpansAsJson], ['protobuf', LogsAsProto, SpansAsProto]]) {
    for (const compression of ['none', 'gzip']) {
      const options = url => ({ url, compression, headers: { authorization: `Bearer ${key}` }, timeoutMillis: 5000 })
      yield {
        name: `${encoding}, ${compression}`,
        logs: new Logs(options(`${base}/v1/logs`)),
        spans: new Spans(options(`${base}/v1/traces`)),
      }
    }
  }
}

/// A processor that keeps what it is given until the end, and then fails where the exporter does.
function keeping(exporter) {
  const kept = []
  return {
    kept,
    onStart() {},
    onEmit: record => kept.push(record),
    onEnd: span => kept.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
    end: () => new Promise((resolve, reject) => exporter.export(kept, ({ code, error }) => {
      if (code === 0) resolve()
      else reject(error ?? new Error('the export failed'))
    })),
  }
}

export function provider(exporter, attributes) {
  const processor = keeping(exporter)
  const logger = new LoggerProvider({ resource: resourceFromAttributes(attributes), processors: [processor] }).getLogger('pintle')
  return { emit: record => logger.emit(record), end: processor.end }
}

export function tracer(exporter, attributes) {
  const processor = keeping(exporter)
  const tracer = new BasicTracerProvider({ resource: resourceFromAttributes(attributes), spanProcessors: [processor] }).getTracer('pintle')
  return { span: name => tracer.startSpan(name).end(), end: processor.end }
}
