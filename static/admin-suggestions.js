'use strict';
// What an autocomplete offers: the colours of a spool or a filament, its name, and what is left.
// And what it is called, for those who hear the page.
{
    const $ = django.jQuery;
    const SVG = 'http://www.w3.org/2000/svg';

    const swatch = (colors) => {
        const picture = document.createElementNS(SVG, 'svg');
        picture.setAttribute('class', 'swatch');
        picture.setAttribute('viewBox', '0 0 16 16');
        picture.setAttribute('width', '16');
        picture.setAttribute('height', '16');
        picture.setAttribute('aria-hidden', 'true');
        colors.forEach((color, index) => {
            const part = document.createElementNS(SVG, 'rect');
            part.setAttribute('x', String(index * 16 / colors.length));
            part.setAttribute('width', String(16 / colors.length));
            part.setAttribute('height', '16');
            part.setAttribute('fill', '#' + color);
            picture.append(part);
        });
        return picture;
    };

    const formatResult = (row) => {
        if (!row.note) {
            return row.text;
        }
        const line = document.createElement('span');
        const note = document.createElement('span');
        line.className = 'suggestion';
        note.className = 'quiet';
        note.textContent = row.note;
        const name = document.createElement('span');
        name.textContent = row.text;
        line.append(swatch(row.colors), name, note);
        return $(line);
    };

    const called = (field) => {
        const column = [...(field.closest('td')?.classList || [])].find((name) => name.startsWith('field-'));
        const heading = column && field.closest('table').querySelector(`th.${column.replace('field-', 'column-')}`);
        return (field.labels[0] || heading)?.textContent.trim().replace(/:$/, '');
    };

    $.fn.select2?.defaults.set('templateResult', formatResult);
    const make = $.fn.djangoAdminSelect2;
    if (make) {
        $.fn.djangoAdminSelect2 = function() {
            const made = make.call(this);
            this.each((_, field) => {
                const name = called(field);
                if (name) {
                    const box = $(field).data('select2').$selection.removeAttr('aria-labelledby');
                    box.add(box.find('[role=textbox]')).attr('aria-label', name);
                }
            });
            return made;
        };
    }
}
