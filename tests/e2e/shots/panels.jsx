// Draws a board out of Grafana's own published components and what Prometheus answered. It decides
// nothing about looks: whatever is seen comes from the board's JSON by way of @grafana/data.
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  dateTime,
  FieldType,
  getFieldDisplayValues,
  identityOverrideProcessor,
  LoadingState,
  Registry,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';

// Grafana's grid: 24 columns, rows of 30 pixels, gaps and margins of 8; below its navigation.
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;
const MARGIN = 16;

const STANDARD = ['unit', 'min', 'max', 'decimals', 'noValue', 'color', 'thresholds', 'mappings', 'links'];
const theme = createTheme({ colors: { mode: 'dark' } });
const asIs = (text) => text;

standardTransformersRegistry.setInit(() =>
  [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer].map((one) => ({
    id: one.id,
    name: one.name,
    transformation: one,
  }))
);

/** Every property that the panel's configuration sets: those of kinds of panels are 'custom'. */
function makeRegistry(fieldConfig) {
  const custom = new Set(Object.keys(fieldConfig.defaults.custom ?? {}));
  for (const override of fieldConfig.overrides) {
    for (const property of override.properties) {
      if (property.id.startsWith('custom.')) {
        custom.add(property.id.slice('custom.'.length));
      }
    }
  }
  const item = (id, path, isCustom) => ({
    id,
    path,
    isCustom,
    name: path,
    process: identityOverrideProcessor,
    shouldApply: () => true,
  });
  return new Registry(() => [
    ...STANDARD.map((path) => item(path, path, false)),
    ...[...custom].map((path) => item(`custom.${path}`, path, true)),
  ]);
}

const gap = (value) => (Number.isFinite(value) ? value : null);
/** Columns that are hidden are called otherwise since Grafana 12.2, which migrates boards itself. */
function migrate(panel) {
  const text = JSON.stringify(panel.fieldConfig);
  const hidden = /{"id":"custom\.hidden","value":true}/g;
  return { ...panel, fieldConfig: JSON.parse(text.replace(hidden, '{"id":"custom.hideFrom","value":{"viz":true}}')) };
}

const number = (text) => (text === 'NaN' ? NaN : Number(text));

/** Series as Grafana's data source makes them: of a graph one frame each, of a table one a query. */
function makeFrames(panel, results) {
  return panel.targets.flatMap((target) => {
    const series = results[`${panel.id} ${target.refId}`];
    if (target.format === 'table') {
      const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
      return toDataFrame({
        refId: target.refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: series.map((one) => one.value[0] * 1000) },
          ...labels.map((label) => ({
            name: label,
            type: FieldType.string,
            values: series.map((one) => one.metric[label] ?? ''),
          })),
          {
            name: panel.targets.length > 1 ? `Value #${target.refId}` : 'Value',
            type: FieldType.number,
            values: series.map((one) => number(one.value[1])),
          },
        ],
      });
    }
    return series.map((one) => {
      // What is no number leaves a gap, as in Grafana's own graphs.
      const points = (one.values ?? [one.value]).map(([at, text]) => [at * 1000, gap(number(text))]);
      const name = target.legendFormat?.replace(/{{(\w+)}}/g, (_, label) => one.metric[label] ?? '');
      return toDataFrame({
        refId: target.refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: points.map((point) => point[0]) },
          {
            name: 'Value',
            type: FieldType.number,
            labels: one.metric,
            values: points.map((point) => point[1]),
            config: name ? { displayNameFromDS: name } : {},
          },
        ],
      });
    });
  });
}

async function prepare(panel, results) {
  let frames = makeFrames(panel, results);
  if (panel.transformations) {
    frames = await lastValueFrom(transformDataFrame(panel.transformations, frames, { interpolate: asIs }));
  }
  const shown = applyFieldOverrides({
    data: frames,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: makeRegistry(panel.fieldConfig),
    replaceVariables: asIs,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(shown);
  return shown;
}

function display(panel, frames) {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: asIs,
    theme,
    data: frames,
    timeZone: 'utc',
  });
}

const drawing = {
  stat: ({ panel, frames, width, height }) => {
    const values = display(panel, frames);
    return (
      <VizRepeater
        source={values}
        getValues={() => values}
        orientation="auto"
        itemSpacing={3}
        width={width}
        height={height}
        renderValue={({ value, width: wide, height: high, count }) => (
          <BigValue
            value={value.display}
            count={count}
            width={wide}
            height={high}
            theme={theme}
            colorMode={panel.options.colorMode}
            graphMode={panel.options.graphMode}
            justifyMode={panel.options.justifyMode}
            textMode={panel.options.textMode}
          />
        )}
      />
    );
  },
  bargauge: ({ panel, frames, width, height }) => {
    const values = display(panel, frames);
    return (
      <VizRepeater
        source={values}
        getValues={() => values}
        orientation={panel.options.orientation}
        itemSpacing={8}
        autoGrid={false}
        minVizHeight={16}
        width={width}
        height={height}
        renderValue={({ value, width: wide, height: high, orientation }) => (
          <BarGauge
            value={value.display}
            field={value.field}
            display={value.view?.getFieldDisplayProcessor(value.colIndex)}
            width={wide}
            height={high}
            orientation={orientation}
            theme={theme}
            itemSpacing={8}
            displayMode={panel.options.displayMode}
            valueDisplayMode={panel.options.valueMode}
            showUnfilled={panel.options.showUnfilled}
          />
        )}
      />
    );
  },
  table: ({ panel, frames, width, height }) => (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      noHeader={!panel.options.showHeader}
      cellHeight={panel.options.cellHeight}
      initialSortBy={panel.options.sortBy}
      fieldConfig={panel.fieldConfig}
      getActions={() => []}
    />
  ),
  timeseries: ({ panel, frames, width, height, range }) => (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={range}
      timeZone="utc"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  ),
};

function Drawn({ panel, frames, range, board }) {
  const column = (board - 2 * MARGIN + GAP) / COLUMNS;
  const { x, y, w, h } = panel.gridPos;
  const place = {
    position: 'absolute',
    left: MARGIN + x * column,
    top: MARGIN + y * (ROW + GAP),
    width: w * column - GAP,
    height: h * (ROW + GAP) - GAP,
  };
  if (panel.type === 'row') {
    return (
      <div style={{ ...place, color: theme.colors.text.primary, lineHeight: '30px', fontWeight: 500 }}>
        {panel.title}
      </div>
    );
  }
  if (!(panel.type in drawing)) {
    return (
      <div style={{ ...place, color: theme.colors.text.disabled, lineHeight: '30px', textAlign: 'center' }}>
        {`left out of this picture: ${panel.title} (${panel.type})`}
      </div>
    );
  }
  const Kind = drawing[panel.type];
  const empty = frames.every((frame) => frame.length === 0);
  return (
    <div style={place} data-panel={panel.title}>
      <PanelChrome
        title={panel.title}
        width={place.width}
        height={place.height}
        description={panel.description}
        loadingState={LoadingState.Done}
      >
        {(width, height) =>
          empty && panel.type !== 'stat' ? (
            <div style={{ padding: 8, textAlign: 'center', color: theme.colors.text.secondary }}>
              {panel.fieldConfig.defaults.noValue}
            </div>
          ) : (
            <Kind panel={panel} frames={frames} width={width} height={height} range={range} />
          )
        }
      </PanelChrome>
    </div>
  );
}

/** A panel of full width that is left out takes one row: what is below moves up. */
function close(panels) {
  let up = 0;
  return panels.map((panel) => {
    const { y, w, h } = panel.gridPos;
    const left = w === COLUMNS && panel.type !== 'row' && !(panel.type in drawing);
    const gridPos = { ...panel.gridPos, y: y - up, h: left ? 1 : h };
    up += left ? h - 1 : 0;
    return { ...panel, gridPos };
  });
}

/** Draw the board into #board; the answer is its height in pixels. */
window.draw = async ({ board, results, from, to }, width) => {
  const [start, end] = [dateTime(from), dateTime(to)];
  const range = { from: start, to: end, raw: { from: start, to: end } };
  const drawn = [];
  for (const panel of close(board.panels)) {
    const shown = panel.type === 'table' ? migrate(panel) : panel;
    drawn.push({ panel: shown, frames: panel.type in drawing ? await prepare(shown, results) : [] });
  }
  const bottom = Math.max(...drawn.map(({ panel }) => panel.gridPos.y + panel.gridPos.h));
  const height = 2 * MARGIN + bottom * (ROW + GAP);
  const place = document.getElementById('board');
  Object.assign(place.style, { position: 'relative', width: `${width}px`, height: `${height}px` });
  createRoot(place).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {drawn.map(({ panel, frames }) => (
        <Drawn key={panel.id} panel={panel} frames={frames} range={range} board={width} />
      ))}
    </ThemeContext.Provider>
  );
  return height;
};
