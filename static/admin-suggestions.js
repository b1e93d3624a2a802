'use strict';
// What an autocomplete offers: the glyph of a spool or a filament, its name, and what is left.
// And what it is called, for those who hear the page.
{
    const $ = django.jQuery;
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
        line.innerHTML = row.glyph; // of the server, without any text
        line.append(name, note);
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
